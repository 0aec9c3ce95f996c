//! Requests: the operation, its lane and its task.

use super::{BOTH, WORKSTATION};
use crate::families::workstation::image::{self, Fault};
use crate::families::workstation::relative::leaves_repository;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const BASE: &str = "lane-adapter/m2-message.agent-machine.json";
const BASE_WORKSTATION: &str = "lane-adapter/m2-message.workstation.json";

/// Operations that the workstation dialect names. `error` stands in responses only.
const OPS: &[&str] = &[
    "hello",
    "caps",
    "info",
    "lock_validate",
    "lock_hash",
    "env_realize",
    "task_run",
    "deps_inventory",
    "lock_update",
    "env_shell",
    "ping",
    "error",
];

/// Operations that are about one lane.
const LANE_OPS: &[&str] =
    &["lock_validate", "lock_hash", "env_realize", "task_run", "deps_inventory", "lock_update", "env_shell"];

pub(super) static M2_OP_UNKNOWN: Rule = Rule {
    id: "M2_OP_UNKNOWN",
    severity: Severity::Warning,
    kinds: &[WORKSTATION],
    what: "The operation is none that the dialect names.",
    why: "An adapter that does not offer it answers E_UNSUPPORTED.",
    mend: "Correct the name, or make sure that the adapter lists it as a capability.",
    source: "M2 IPC 1.0, list of operations; its schema accepts any name",
    example: Example {
        base: BASE_WORKSTATION,
        at: "",
        good: r#"{"id": "c-1", "op": "caps", "protocol": "1.0"}"#,
        bad: r#"{"id": "c-1", "op": "capabilities", "protocol": "1.0"}"#,
    },
};

pub(super) static M2_LANE_MISSING: Rule = Rule {
    id: "M2_LANE_MISSING",
    severity: Severity::Error,
    kinds: BOTH,
    what: "A request about a lane has no lane.",
    why: "The adapter would have to guess which lock and which environment are meant.",
    mend: "Add `lane`.",
    source: "gap: the original has no schema for each operation",
    example: Example {
        base: BASE,
        at: "",
        good: r#"{"id": "7", "op": "info"}"#,
        bad: r#"{"id": "7", "op": "lock_validate"}"#,
    },
};

pub(super) static M2_TASK_MISSING: Rule = Rule {
    id: "M2_TASK_MISSING",
    severity: Severity::Error,
    kinds: BOTH,
    what: "A task_run request names no task.",
    why: "There is nothing that could be run.",
    mend: "Add `task` with the name of the task.",
    source: "gap: the original accepts task_run without task",
    example: Example { base: BASE, at: "/task", good: r#""test""#, bad: r#""""# },
};

pub(super) static M2_TIMEOUT_INVALID: Rule = Rule {
    id: "M2_TIMEOUT_INVALID",
    severity: Severity::Error,
    kinds: BOTH,
    what: "The time limit of a task is not above 0.",
    why: "The task would be stopped before it starts, or never at all.",
    mend: "Write the limit in seconds.",
    source: "gap: the original does not look into params",
    example: Example { base: BASE, at: "/params/timeout_seconds", good: "60", bad: "0" },
};

pub(super) static M2_LOCK_REF_ESCAPES: Rule = Rule {
    id: "M2_LOCK_REF_ESCAPES",
    severity: Severity::Error,
    kinds: BOTH,
    what: "The lock file of a lane is not inside the repository.",
    why: "An adapter answers E_PATH_ESCAPE, or reads a file that is not part of what is replayed.",
    mend: "Write a path relative to the root of the repository, without `..`.",
    source: "gap: the original accepts an absolute path, although it has a code for it",
    example: Example {
        base: BASE,
        at: "/lane/lock_ref",
        good: r#""locks/mise.lock""#,
        bad: r#""../mise.lock""#,
    },
};

pub(super) static M2_CONTAINER_MISSING: Rule = Rule {
    id: "M2_CONTAINER_MISSING",
    severity: Severity::Warning,
    kinds: &[WORKSTATION],
    what: "A lane runs in a container, and no container is described.",
    why: "The runner starts the container and has to know which; the dialect of agent-machine refuses such a lane.",
    mend: "Add `container` with an image that is pinned by digest.",
    source: "M2 IPC 1.0 leaves the container out in its own examples",
    example: Example {
        base: BASE_WORKSTATION,
        at: "/lane",
        good: r#"{"lane_id": "linux", "lock_ref": "locks/mise.lock", "containerized": false}"#,
        bad: r#"{"lane_id": "linux", "lock_ref": "locks/mise.lock", "containerized": true}"#,
    },
};

pub(super) static M2_IMAGE_UNPINNED: Rule = Rule {
    id: "M2_IMAGE_UNPINNED",
    severity: Severity::Warning,
    kinds: &[WORKSTATION],
    what: "The image of a lane is not pinned by its digest.",
    why: "A tag can point to another image tomorrow; the dialect of agent-machine refuses such a lane.",
    mend: "End the image with @sha256: and the 64 lower-case hex digits of its digest.",
    source: "M2 IPC 1.0 does not check images",
    example: Example {
        base: BASE_WORKSTATION,
        at: "/lane/container/image",
        good: r#""debian@sha256:2fb0c9e4a4e8a0b0a3a1a7d1b6f5a9c8e7d6c5b4a39281706f5e4d3c2b1a0918""#,
        bad: r#""debian:bookworm""#,
    },
};

pub(super) static M2_IMAGE_NAME_INVALID: Rule = Rule {
    id: "M2_IMAGE_NAME_INVALID",
    severity: Severity::Error,
    kinds: BOTH,
    what: "What stands before the digest of an image is no image name.",
    why: "No container program can fetch it.",
    mend: "Write [HOST[:PORT]/]PATH[:TAG] before the digest.",
    source: "gap: the original accepts any text before the digest",
    example: Example {
        base: BASE,
        at: "/lane/container/image",
        good: r#""debian:12@sha256:2fb0c9e4a4e8a0b0a3a1a7d1b6f5a9c8e7d6c5b4a39281706f5e4d3c2b1a0918""#,
        bad: r#""debian 12@sha256:2fb0c9e4a4e8a0b0a3a1a7d1b6f5a9c8e7d6c5b4a39281706f5e4d3c2b1a0918""#,
    },
};

/// The rules about requests.
pub(super) static RULES: &[&Rule] = &[
    &M2_OP_UNKNOWN,
    &M2_LANE_MISSING,
    &M2_TASK_MISSING,
    &M2_TIMEOUT_INVALID,
    &M2_LOCK_REF_ESCAPES,
    &M2_CONTAINER_MISSING,
    &M2_IMAGE_UNPINNED,
    &M2_IMAGE_NAME_INVALID,
];

/// Checks a request of either dialect.
pub(super) fn check(request: Node<'_>, report: &mut Report<'_>) {
    let (op, lane, task) = (request.get("op"), request.get("lane"), request.get("task"));
    if let Some(name) = op.str()
        && LANE_OPS.contains(&name)
        && !lane.exists()
    {
        report.add(&M2_LANE_MISSING, op, format!("{name} is about a lane, and there is none"));
    }
    if op.is("task_run") && (!task.exists() || task.is_blank()) {
        report.add(&M2_TASK_MISSING, task, "no task is named");
    }
    let timeout = request.get("params").get("timeout_seconds");
    if timeout.number().is_some_and(|seconds| seconds <= 0.0) {
        report.add(&M2_TIMEOUT_INVALID, timeout, "the limit is not above 0");
    }
    check_lane(lane, report);
}

fn check_lane(lane: Node<'_>, report: &mut Report<'_>) {
    let (lock, image) = (lane.get("lock_ref"), lane.get("container").get("image"));
    if let Some(path) = lock.str()
        && leaves_repository(path)
    {
        report.add(&M2_LOCK_REF_ESCAPES, lock, format!("{path:?} leaves the repository"));
    }
    if let Some(text) = image.str()
        && let Some(Fault::Name(why)) = image::fault(text)
    {
        report.add(&M2_IMAGE_NAME_INVALID, image, format!("{text:?}: {why}"));
    }
}

/// Checks the operation of a message of the workstation dialect, whose schema takes any name.
pub(super) fn check_op(message: Node<'_>, report: &mut Report<'_>) {
    let op = message.get("op");
    if let Some(name) = op.str().filter(|name| !name.is_empty() && !OPS.contains(name)) {
        report.add(&M2_OP_UNKNOWN, op, format!("{name:?} is not in the list of operations"));
    }
}

/// Checks the container of a lane of the workstation dialect, whose schema takes any lane.
pub(super) fn check_container(request: Node<'_>, report: &mut Report<'_>) {
    let lane = request.get("lane");
    let (containerized, container) = (lane.get("containerized"), lane.get("container"));
    if containerized.is_true() && !container.exists() {
        report.add(&M2_CONTAINER_MISSING, containerized, "no container is described");
    }
    let image = container.get("image");
    if let Some(text) = image.str()
        && matches!(image::fault(text), Some(Fault::Unpinned | Fault::Placeholder))
    {
        report.add(&M2_IMAGE_UNPINNED, image, format!("{text:?} does not end in a digest"));
    }
}
