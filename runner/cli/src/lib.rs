//! The command: flags, printing, exit codes.
