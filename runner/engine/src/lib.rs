//! Authority, plan, session and outcome of one adapter run.
