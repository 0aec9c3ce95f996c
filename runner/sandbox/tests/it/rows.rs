//! The table: each attempt, who judges it, and what may stand against it without the sandbox.

use crate::judge::Judge::{self, *};

/// The profile of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// Own sockets to the listener's port.
    RawTcp,
    /// Own sockets to another port.
    OtherPort,
}

/// Who can do this without any sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    /// Everyone, unless the kernel has no such thing.
    Anyone,
    /// Root; others are refused by the kernel.
    Root,
    /// An ordinary user; for root it is nothing.
    User,
    /// Whom a setting of the host lets: yama, unprivileged BPF, perf paranoia, ping groups, TIOCSTI.
    BySetting,
}

/// One attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) judge: Judge,
    pub(crate) kind: Kind,
    pub(crate) bare: Bare,
    /// Listed in every receipt as not covered.
    pub(crate) open_by_design: bool,
}

const fn row(name: &'static str, judge: Judge) -> Row {
    Row { name, judge, kind: Kind::Plain, bare: Bare::Anyone, open_by_design: false }
}

const fn root(name: &'static str, judge: Judge) -> Row {
    Row { bare: Bare::Root, ..row(name, judge) }
}

const fn user(name: &'static str, judge: Judge) -> Row {
    Row { bare: Bare::User, ..row(name, judge) }
}

const fn setting(name: &'static str, judge: Judge) -> Row {
    Row { bare: Bare::BySetting, ..row(name, judge) }
}

const fn design(name: &'static str, judge: Judge) -> Row {
    Row { open_by_design: true, ..row(name, judge) }
}

const fn raw(name: &'static str, judge: Judge) -> Row {
    Row { kind: Kind::OtherPort, ..row(name, judge) }
}

/// Every attempt. The numbers are those of the usual lists of such attempts: files 1 to 17, execution 18 to 22, network 24 to
/// 32, processes 33 to 43, terminal and descriptors 44 to 48, kernel 50 to 56, budgets 58 to 60.
pub(crate) const ROWS: &[Row] = &[
    row("read-open", Secret),
    row("read-openat2", Secret),
    row("read-opath-reopened", Secret),
    row("read-proc-self-root", Secret),
    row("read-proc-self-cwd", Secret),
    row("read-proc-victim-root", Secret),
    row("read-planted-symlink", Secret),
    row("read-hard-link", Secret),
    row("read-from-new-thread", Secret),
    row("list-ungranted-folder", Secret),
    root("read-capability-only", Secret),
    setting("open-block-device", SaidText("read")),
    row("use-inherited-descriptor", Secret),
    design("use-granted-descriptor", Secret),
    design("stat-oracle", SaidText("size=30")),
    design("readlink-oracle", Secret),
    row("read-secret-environment", Secret),
    row("rename-out-of-ungranted", Appears("work/stolen")),
    row("rename-over-ungranted", Files),
    row("rename-exchange", Files),
    row("hard-link-out", Appears("outside/new")),
    row("create-in-ungranted", Appears("outside/new")),
    row("make-folder-in-ungranted", Appears("outside/new")),
    row("symlink-in-ungranted", Appears("outside/new")),
    row("unlink-ungranted", Gone("victim")),
    row("remove-ungranted-folder", Gone("outside/empty")),
    row("unlink-in-read-only", Gone("ro/data")),
    row("make-fifo", Appears("work/node")),
    row("make-socket-node", Appears("work/node")),
    root("make-char-device", Appears("work/node")),
    root("make-block-device", Appears("work/node")),
    row("overwrite", Files),
    row("append", Files),
    row("write-read-only", Files),
    row("truncate", Files),
    row("truncate-read-only", Files),
    row("open-truncating-ungranted", Files),
    row("open-truncating-read-only", Files),
    row("open-truncating-mode-3", Files),
    row("open-mode-3", Said),
    row("openat2-truncating-read-only", Files),
    row("create-set-id-file", Appears("work/setid")),
    row("create-unnamed-set-id-file", Appears("work/setid")),
    row("chmod", Files),
    row("chmod-old-call", Files),
    root("chown", Said),
    root("lchown-old-call", Said),
    row("utimensat", Files),
    row("utime-old-call", Files),
    row("setxattr", Files),
    row("lsetxattr", Files),
    row("removexattr", Files),
    row("getxattr", Secret),
    row("listxattr", SaidText("user.secret")),
    row("fchmod", Files),
    row("fchown", Said),
    row("futimens", Files),
    row("fsetxattr", Files),
    row("inode-flags", Files),
    row("lease", Said),
    row("fchmodat2", Files),
    row("setxattrat", Files),
    row("file_setattr", Files),
    row("exec-outside-set", Ran("RAN")),
    user("exec-set-user-id", Ran("euid=0")),
    user("exec-file-capability", Ran("CapEff: 0000000000040000")),
    row("exec-written-program", Ran("RAN")),
    design("exec-loader-with-file", Ran("RAN")),
    row("exec-memory-file", Ran("RAN")),
    row("exec-memory-file-by-proc", Ran("RAN")),
    row("exec-unnamed-file", Ran("RAN")),
    row("exec-opath-descriptor", Ran("RAN")),
    row("tcp-connect", Heard),
    row("tcp-connect-v6", Heard),
    row("tcp-connect-mapped", Heard),
    row("tcp-fast-open", Heard),
    row("tcp-fast-open-option", Heard),
    row("mptcp-connect", Heard),
    row("udp-send", Heard),
    row("tcp-listen", Listens),
    row("tcp-listen-without-bind", Listens),
    Row { kind: Kind::RawTcp, ..design("raw-tcp-granted-port", Heard) },
    raw("raw-tcp-other-port", Heard),
    raw("raw-tcp-other-port-v6", Heard),
    raw("raw-tcp-other-port-mapped", Heard),
    raw("raw-tcp-fast-open", Heard),
    raw("raw-tcp-fast-open-option", Heard),
    raw("raw-tcp-mptcp", Heard),
    raw("raw-tcp-udp", Heard),
    raw("raw-tcp-listen", Listens),
    raw("raw-tcp-listen-without-bind", Listens),
    raw("raw-tcp-unix", Heard),
    root("socket-raw-icmp", Said),
    setting("socket-ping", Said),
    root("socket-packet", Said),
    row("socket-vsock", Said),
    row("socket-netlink", Said),
    row("socket-alg", Said),
    row("unix-stream", Heard),
    row("unix-datagram", Heard),
    row("unix-datagram-of-a-pair", Heard),
    row("unix-abstract", Heard),
    row("unix-bind-in-work", Appears("work/sock")),
    row("kill", VictimDead),
    root("kill-runner", Said),
    row("kill-group", VictimDead),
    row("kill-with-high-bits", VictimDead),
    row("tkill", VictimDead),
    row("tgkill", VictimDead),
    row("rt_sigqueueinfo", VictimDead),
    row("rt_tgsigqueueinfo", VictimDead),
    row("pidfd_send_signal", VictimDead),
    row("descriptor-owner-signal", VictimDead),
    row("descriptor-owner-signal-ioctl", VictimDead),
    setting("ptrace-attach", Said),
    row("ptrace-traceme", Said),
    setting("process_vm_readv", Secret),
    setting("pidfd_getfd", Secret),
    row("proc-environ", Secret),
    row("proc-command-line", Secret),
    row("proc-maps", SaidText("[stack]")),
    setting("proc-memory", Secret),
    row("proc-descriptor", Secret),
    row("proc-oom-score", VictimChanged),
    row("prlimit", VictimChanged),
    row("setpriority", VictimChanged),
    row("setpriority-group", VictimChanged),
    row("ioprio_set", Said),
    row("sched_setaffinity", VictimChanged),
    row("sched_setscheduler", VictimChanged),
    row("sched_setattr", VictimChanged),
    row("clear-parent-death-signal", SaidText("signal=0")),
    row("fork", Judge::Child),
    row("clone", Judge::Child),
    row("clone-with-high-bits", Judge::Child),
    row("clone3", Judge::Child),
    row("double-fork-new-session", Judge::Child),
    setting("push-input", Said),
    setting("push-input-high-bits", Said),
    setting("console-selection", Said),
    row("terminal-settings", Said),
    setting("open-controlling-terminal", Said),
    setting("io_uring", Said),
    setting("userfaultfd", Said),
    setting("bpf-map", Said),
    setting("perf_event_open", Said),
    row("inotify", Said),
    setting("fanotify", Said),
    root("syslog", Said),
    row("personality", Said),
    row("name_to_handle_at", Said),
    root("open_by_handle_at", Secret),
    root("chroot", Said),
    row("i386-call", SaidText("pid=")),
    row("x32-call", SaidText("pid=")),
    setting("unshare-user", Said),
    setting("unshare-user-and-mount", Said),
    setting("clone-user", Judge::Child),
    setting("clone3-user", Judge::Child),
    root("setns", Said),
    root("mount", Said),
    root("fsopen", Said),
    root("open_tree", Said),
    row("add_key", Said),
    row("keyctl-new-session", Said),
    row("shared-memory", Said),
    row("message-queue", Said),
    row("semaphore", Said),
    row("posix-queue", Said),
    row("map-private", Said),
    row("map-shared", Said),
    row("raise-break", Said),
    setting("many-descriptors", Said),
    row("large-file", Said),
    design("many-files", Said),
    setting("core-size", Said),
];

/// A row that is lost is a test that is lost.
pub(crate) const EXPECTED_ROWS: usize = 176;
