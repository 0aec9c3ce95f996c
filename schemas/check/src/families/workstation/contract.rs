//! Lanes of a workstation contract: names, steps, stages and mounts.

use std::collections::HashMap;

use super::{CONTRACTS, backend, commands, evidence, mounts};
use crate::duplicate::duplicates;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const V0_2: &[&str] = &["workstation-contract.v0.2"];
const BASE: &str = "workstation/workstation-contract.v0.1.json";
const BASE_V0_2: &str = "workstation/workstation-contract.v0.2.json";

pub(super) static LANE_NAME_DUPLICATE: Rule = Rule {
    id: "LANE_NAME_DUPLICATE",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "Two lanes of a contract have the same name.",
    why: "Receipts and gates name a lane; they must mean exactly one.",
    mend: "Give each lane a name of its own.",
    source: "gap: the original accepts duplicate lanes",
    example: Example { base: BASE, at: "/spec/lanes/1/name", good: r#""verify""#, bad: r#""check""# },
};

pub(super) static LANE_STEPS_MISSING: Rule = Rule {
    id: "LANE_STEPS_MISSING",
    severity: Severity::Warning,
    kinds: CONTRACTS,
    what: "A pixi or container lane has no steps.",
    why: "The environment is made and nothing is done in it. (A nix lane without steps builds its installable.)",
    mend: "Add steps, or remove the lane.",
    source: "gap: the original does not ask for steps",
    example: Example {
        base: BASE,
        at: "/spec/lanes/0/steps",
        good: r#"[{"name": "test", "run": "pixi run test"}]"#,
        bad: "[]",
    },
};

pub(super) static LANE_STEP_RUN_MISSING: Rule = Rule {
    id: "LANE_STEP_RUN_MISSING",
    severity: Severity::Warning,
    kinds: CONTRACTS,
    what: "A step has nothing to run.",
    why: "It passes without doing what its name says.",
    mend: "Write the commands in `run`, or remove the step.",
    source: "open in the original: the meaning of a step without run",
    example: Example { base: BASE, at: "/spec/lanes/0/steps/0/run", good: r#""true""#, bad: r#"" ""# },
};

pub(super) static LANE_STEP_NAME_BLANK: Rule = Rule {
    id: "LANE_STEP_NAME_BLANK",
    severity: Severity::Warning,
    kinds: CONTRACTS,
    what: "A step has an empty name.",
    why: "Logs and evidence name the step.",
    mend: "Name what the step does.",
    source: "gap: the original accepts an empty step name",
    example: Example { base: BASE, at: "/spec/lanes/0/steps/0/name", good: r#""style""#, bad: r#""""# },
};

pub(super) static LANE_STEP_NAME_DUPLICATE: Rule = Rule {
    id: "LANE_STEP_NAME_DUPLICATE",
    severity: Severity::Warning,
    kinds: CONTRACTS,
    what: "Two steps of a lane have the same name.",
    why: "Logs and evidence name the step; nobody can tell which of the two failed.",
    mend: "Give each step of the lane a name of its own.",
    source: "gap: the original accepts it",
    example: Example { base: BASE, at: "/spec/lanes/0/steps/1/name", good: r#""unit""#, bad: r#""lint""# },
};

pub(super) static LANE_STAGE_MISSING: Rule = Rule {
    id: "LANE_STAGE_MISSING",
    severity: Severity::Error,
    kinds: V0_2,
    what: "A promotion needs a passed stage, and the lane has no stage.",
    why: "There is nothing that could pass, so the promotion could never happen, or would happen untried.",
    mend: "Add the `stage` block, or set `requiresStagePass` to false.",
    source: "workstation contract v0.2, rule 4; the original applies it to nix lanes only",
    example: Example {
        base: BASE_V0_2,
        at: "/spec/lanes/1/promotion/requiresStagePass",
        good: "false",
        bad: "true",
    },
};

pub(super) static LANE_STAGE_REF_BLANK: Rule = Rule {
    id: "LANE_STAGE_REF_BLANK",
    severity: Severity::Error,
    kinds: V0_2,
    what: "The candidate or the smoke test of a stage is an empty string.",
    why: "A stage without a candidate or a test passes without having tried anything.",
    mend: "Name the candidate and the smoke test.",
    source: "gap: the original accepts an empty string",
    example: Example {
        base: BASE_V0_2,
        at: "/spec/lanes/0/stage/smokeRef",
        good: r#""bundle:desk/boot-test""#,
        bad: r#""""#,
    },
};

pub(super) static LANE_MOUNT_INPUT_WRITABLE: Rule = Rule {
    id: "LANE_MOUNT_INPUT_WRITABLE",
    severity: Severity::Error,
    kinds: V0_2,
    what: "A mount is of class immutable_input and may be written to.",
    why: "An input that the lane can change is not the same for the next run.",
    mend: "Set `readOnly` to true, or choose the class mutable_state.",
    source: "gap: the original accepts immutable_input with readOnly false",
    example: Example { base: BASE_V0_2, at: "/spec/lanes/0/mounts/0/readOnly", good: "true", bad: "false" },
};

pub(super) static LANE_MOUNT_TARGET_INVALID: Rule = Rule {
    id: "LANE_MOUNT_TARGET_INVALID",
    severity: Severity::Error,
    kinds: V0_2,
    what: "The target of a mount is no absolute path below the root.",
    why: "A relative target lands somewhere else for each working folder, and `/` hides the environment of the lane.",
    mend: "Write an absolute path without `..`, for example /mnt/config.",
    source: "gap: the original accepts any string",
    example: Example {
        base: BASE_V0_2,
        at: "/spec/lanes/0/mounts/0/target",
        good: r#""/mnt/settings""#,
        bad: r#""/mnt/../etc""#,
    },
};

pub(super) static LANE_MOUNT_TARGET_DUPLICATE: Rule = Rule {
    id: "LANE_MOUNT_TARGET_DUPLICATE",
    severity: Severity::Error,
    kinds: V0_2,
    what: "Two mounts of a lane have the same target.",
    why: "The later one hides the earlier one.",
    mend: "Give each mount a target of its own.",
    source: "gap: the original accepts it",
    example: Example {
        base: BASE_V0_2,
        at: "/spec/lanes/0/mounts/1/target",
        good: r#""/mnt/work""#,
        bad: r#""/mnt/config""#,
    },
};

/// The rules about lanes as such.
pub(super) static RULES: &[&Rule] = &[
    &LANE_NAME_DUPLICATE,
    &LANE_STEPS_MISSING,
    &LANE_STEP_RUN_MISSING,
    &LANE_STEP_NAME_BLANK,
    &LANE_STEP_NAME_DUPLICATE,
    &LANE_STAGE_MISSING,
    &LANE_STAGE_REF_BLANK,
    &LANE_MOUNT_INPUT_WRITABLE,
    &LANE_MOUNT_TARGET_INVALID,
    &LANE_MOUNT_TARGET_DUPLICATE,
];

/// Checks a contract of version 0.1.
pub(super) fn check(contract: Node<'_>, report: &mut Report<'_>) {
    check_lanes(contract, &["pixi", "container"], report);
}

/// Checks a contract of version 0.2: what holds for 0.1, and what 0.2 has added.
pub(super) fn check_v0_2(contract: Node<'_>, report: &mut Report<'_>) {
    check_lanes(contract, &["pixi", "container", "nix"], report);
    for lane in contract.get("spec").get("lanes").items() {
        check_stage(lane, report);
        check_mounts(lane, report);
        mounts::check(lane, report);
    }
}

fn check_lanes(contract: Node<'_>, backends: &[&str], report: &mut Report<'_>) {
    evidence::check_labels(contract, report);
    let lanes = contract.get("spec").get("lanes");
    for (first, name) in duplicates(lanes, |lane| lane.get("name")) {
        report.add(&LANE_NAME_DUPLICATE, name, format!("lane {} has this name, too", first + 1));
    }
    for lane in lanes.items() {
        backend::check(lane, backends, report);
        check_steps(lane, report);
        evidence::check_lane(contract, lane, report);
        commands::check_lane(lane, contract.get("metadata").get("labels"), report);
    }
}

fn check_steps(lane: Node<'_>, report: &mut Report<'_>) {
    let steps = lane.get("steps");
    let none = !steps.exists() || steps.nearest().as_array().is_some_and(Vec::is_empty);
    if none && lane.is_object() && !lane.get("backend").get("type").is("nix") {
        report.add(&LANE_STEPS_MISSING, steps, "the lane does nothing");
    }
    for (first, name) in duplicates(steps, |step| step.get("name")) {
        if !name.is_blank() {
            report.add(&LANE_STEP_NAME_DUPLICATE, name, format!("step {} has this name, too", first + 1));
        }
    }
    for (index, step) in steps.items().enumerate() {
        let (name, run) = (step.get("name"), step.get("run"));
        if name.is_blank() {
            report.add(&LANE_STEP_NAME_BLANK, name, format!("step {} has no name", index + 1));
        }
        if step.is_object() && (!run.exists() || run.is_blank()) {
            report.add(&LANE_STEP_RUN_MISSING, run, format!("step {} runs nothing", index + 1));
        }
    }
}

fn check_stage(lane: Node<'_>, report: &mut Report<'_>) {
    let (stage, needed) = (lane.get("stage"), lane.get("promotion").get("requiresStagePass"));
    if needed.is_true() && !stage.exists() {
        report.add(&LANE_STAGE_MISSING, needed, "the lane has no stage that could pass");
    }
    for name in ["candidate", "smokeRef"] {
        if stage.get(name).is_blank() {
            report.add(&LANE_STAGE_REF_BLANK, stage.get(name), format!("`{name}` is empty"));
        }
    }
}

fn check_mounts(lane: Node<'_>, report: &mut Report<'_>) {
    let mounts = lane.get("mounts");
    let mut targets = HashMap::new();
    for (index, mount) in mounts.items().enumerate() {
        if let Some(path) = mount.get("target").str()
            && let Some(first) = targets.insert(parts(path), index)
        {
            let message = format!("mount {} has this target, too", first + 1);
            report.add(&LANE_MOUNT_TARGET_DUPLICATE, mount.get("target"), message);
        }
        let (target, read_only) = (mount.get("target"), mount.get("readOnly"));
        if mount.get("class").is("immutable_input") && read_only.bool() == Some(false) {
            report.add(&LANE_MOUNT_INPUT_WRITABLE, read_only, "the lane could change its input");
        }
        if let Some(path) = target.str()
            && !is_absolute_folder(path)
        {
            report.add(&LANE_MOUNT_TARGET_INVALID, target, format!("{path:?} is no path below /"));
        }
    }
}

/// Whether a path is absolute, has no `..`, and is not the root.
fn is_absolute_folder(path: &str) -> bool {
    let parts = parts(path);
    path.starts_with('/') && !parts.is_empty() && !parts.contains(&"..")
}

/// The names of a path, so that two spellings of one are equal.
fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect()
}
