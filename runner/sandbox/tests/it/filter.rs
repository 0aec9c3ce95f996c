//! The filter, interpreted: every call number of both architectures, and the arguments that decide.

use std::collections::BTreeMap;

use contract_sandbox::seccomp::{
    AND, Arch, Filter, Instruction, JUMP_ANY_BIT, JUMP_AT_LEAST, JUMP_EQUAL, LOAD, RETURN, Shape,
};

const ALLOW: u32 = 0x7fff_0000;
const KILL: u32 = 0x8000_0000;
const PID: u32 = 4711;

const fn errno(number: i32) -> u32 {
    0x0005_0000 | number.cast_unsigned()
}

/// One call as the kernel shows it to a filter.
#[derive(Clone, Copy)]
struct Call {
    number: u32,
    arch: u32,
    arguments: [u64; 6],
}

impl Call {
    fn word(&self, offset: u32) -> u32 {
        let argument = |at: u32| {
            let value = self.arguments[usize::try_from((at - 16) / 8).unwrap()];
            if at.is_multiple_of(8) { value as u32 } else { (value >> 32) as u32 }
        };
        match offset {
            0 => self.number,
            4 => self.arch,
            at @ 16..64 => argument(at),
            other => panic!("a load at {other}"),
        }
    }
}

/// The kernel's interpreter, as far as a filter may use it.
fn interpret(program: &[Instruction], call: Call) -> u32 {
    let (mut at, mut accumulator) = (0_usize, 0_u32);
    loop {
        let Instruction { code, jt, jf, k } = program[at];
        at += 1;
        let jump = |taken: bool| usize::from(if taken { jt } else { jf });
        match code {
            LOAD => accumulator = call.word(k),
            AND => accumulator &= k,
            JUMP_EQUAL => at += jump(accumulator == k),
            JUMP_AT_LEAST => at += jump(accumulator >= k),
            JUMP_ANY_BIT => at += jump(accumulator & k != 0),
            RETURN => return k,
            other => panic!("an instruction with code {other:#x}"),
        }
    }
}

struct Machine {
    arch: Arch,
    program: Vec<Instruction>,
    numbers: BTreeMap<&'static str, u32>,
}

impl Machine {
    fn new(arch: Arch, shape: Shape) -> Self {
        let filter = Filter::compile(arch, shape);
        assert!(filter.len() < 250, "{} instructions", filter.len());
        Self { arch, program: filter.for_process(PID), numbers: arch.calls().iter().copied().collect() }
    }

    fn number(&self, number: u32, arguments: [u64; 6]) -> u32 {
        interpret(&self.program, Call { number, arch: self.arch.audit(), arguments })
    }

    /// `None` where this architecture has no such call.
    fn call(&self, name: &str, arguments: &[u64]) -> Option<u32> {
        let mut six = [0; 6];
        six[..arguments.len()].copy_from_slice(arguments);
        Some(self.number(*self.numbers.get(name)?, six))
    }
}

const ONE: Shape = Shape { one_process: true, raw_tcp: false, landlock_abi: 7 };

fn machines(shape: Shape) -> [Machine; 2] {
    [Arch::X86_64, Arch::Aarch64].map(|arch| Machine::new(arch, shape))
}

#[test]
fn every_number_has_an_answer_and_unknown_ones_are_enosys() {
    for machine in machines(ONE) {
        let known: std::collections::BTreeSet<u32> = machine.numbers.values().copied().collect();
        let mut allowed = 0;
        for number in 0..=600 {
            let answer = machine.number(number, [0; 6]);
            assert!(answer == ALLOW || answer & 0xffff_0000 == 0x0005_0000, "{number}: {answer:#x}");
            allowed += u32::from(answer == ALLOW);
            if !known.contains(&number) {
                assert_eq!(answer, errno(libc::ENOSYS), "{number} is no call that the table knows");
            }
        }
        assert!((100..320).contains(&allowed), "{allowed} calls are allowed");
    }
}

#[test]
fn another_architecture_is_killed_and_x32_is_not_there() {
    for machine in machines(ONE) {
        for arch in [0x4000_0003, 0x4000_0028, 0] {
            assert_eq!(interpret(&machine.program, Call { number: 1, arch, arguments: [0; 6] }), KILL);
        }
    }
    let x86 = Machine::new(Arch::X86_64, ONE);
    for number in [0x4000_0000, 0x4000_0001, 0x4000_0027, 0xffff_ffff] {
        assert_ne!(x86.number(number, [0; 6]), ALLOW, "{number:#x}");
    }
}

#[test]
fn the_deny_list_is_denied_whatever_the_arguments() {
    for machine in machines(ONE) {
        for name in [
            "ptrace",
            "process_vm_readv",
            "process_vm_writev",
            "kcmp",
            "pidfd_getfd",
            "mount",
            "umount2",
            "pivot_root",
            "chroot",
            "fsopen",
            "fsmount",
            "move_mount",
            "open_tree",
            "setns",
            "unshare",
            "bpf",
            "perf_event_open",
            "io_uring_setup",
            "io_uring_enter",
            "io_uring_register",
            "userfaultfd",
            "keyctl",
            "add_key",
            "request_key",
            "socket",
            "connect",
            "bind",
            "listen",
            "fchmod",
            "fchmodat",
            "fchown",
            "utimensat",
            "setxattr",
            "fsetxattr",
            "removexattr",
            "mknodat",
            "memfd_create",
            "name_to_handle_at",
            "open_by_handle_at",
            "shmget",
            "msgget",
            "semget",
            "mq_open",
            "inotify_add_watch",
            "fanotify_init",
            "init_module",
            "kexec_load",
            "reboot",
            "swapon",
        ] {
            assert!(machines(ONE)[0].numbers.contains_key(name), "{name} is not in the table");
            for fill in [0, 1, u64::MAX, 0xffff_ffff, u64::from(PID)] {
                // aarch64 never had some of them.
                let Some(answer) = machine.call(name, &[fill; 6]) else { continue };
                assert_eq!(answer, errno(libc::EPERM), "{name}({fill:#x}...) on {:?}", machine.arch);
            }
        }
        for name in ["clone3", "openat2"] {
            assert_eq!(machine.call(name, &[0]), Some(errno(libc::ENOSYS)), "{name}");
        }
    }
}

#[test]
fn what_every_program_needs_is_allowed() {
    for machine in machines(ONE) {
        for name in [
            "read",
            "write",
            "close",
            "fstat",
            "lseek",
            "mprotect",
            "munmap",
            "brk",
            "rt_sigaction",
            "rt_sigreturn",
            "pread64",
            "readv",
            "writev",
            "madvise",
            "dup",
            "getpid",
            "exit",
            "exit_group",
            "futex",
            "getdents64",
            "getcwd",
            "clock_gettime",
            "nanosleep",
            "epoll_create1",
            "epoll_ctl",
            "eventfd2",
            "getrandom",
            "gettid",
            "mremap",
            "poll",
            "ppoll",
            "pipe2",
            "newfstatat",
            "rseq",
            "set_robust_list",
            "sched_yield",
            "sigaltstack",
            "unlinkat",
            "execve",
        ] {
            if let Some(answer) = machine.call(name, &[]) {
                assert_eq!(answer, ALLOW, "{name} on {:?}", machine.arch);
            }
        }
    }
}

#[test]
fn arguments_decide_where_they_must() {
    const THREAD: u64 = 0x003d_0f00;
    let (own, other) = (u64::from(PID), 1_u64);
    let high = 1_u64 << 32;
    let open_flags = |flags: u64| [0, 0, flags, 0o600];
    for machine in machines(ONE) {
        let allowed = |name: &str, arguments: &[u64]| {
            assert!(
                machine.call(name, arguments).is_none_or(|answer| answer == ALLOW),
                "{name} {arguments:x?}"
            );
        };
        let refused = |name: &str, arguments: &[u64]| {
            assert!(
                machine.call(name, arguments).is_none_or(|answer| answer != ALLOW),
                "{name} {arguments:x?}"
            );
        };
        allowed("clone", &[THREAD]);
        refused("clone", &[17]);
        refused("clone", &[THREAD | 0x1000_0000]);
        refused("clone", &[THREAD | high]);
        for name in ["kill", "tgkill", "prlimit64", "sched_setaffinity", "rt_sigqueueinfo"] {
            allowed(name, &[own, own]);
            refused(name, &[other, other]);
            // The kernel reads 32 bits: the upper half of a victim's number must not make it another.
            refused(name, &[other | high, other | high]);
        }
        refused("kill", &[u64::MAX, 15]);
        allowed("ioctl", &[0, 0x5401]);
        refused("ioctl", &[0, 0x5412]);
        refused("ioctl", &[0, 0x5412 | high]);
        refused("ioctl", &[0, 0x541c]);
        allowed("fcntl", &[0, 3]);
        refused("fcntl", &[0, 8]);
        refused("fcntl", &[0, 8 | high]);
        allowed("openat", &open_flags(0));
        allowed("openat", &open_flags(0o1101));
        refused("openat", &open_flags(3));
        refused("openat", &[0, 0, 0o101, 0o4755]);
        refused("execveat", &[3, 0, 0, 0, 0x1000]);
        allowed("socketpair", &[1, 1]);
        refused("socketpair", &[1, 2]);
        refused("socketpair", &[2, 1]);
        refused("sendto", &[0, 0, 0, 0x2000_0000]);
        refused("prctl", &[1]);
        allowed("prctl", &[15]);
        allowed("mmap", &[0, 4096, 3, 0x22]);
        refused("mmap", &[0, 4096, 3, 0x21]);
    }
}

#[test]
fn sockets_of_its_own_are_tcp_and_nothing_else() {
    for machine in machines(Shape { raw_tcp: true, ..ONE }) {
        for (arguments, fits) in [
            ([2, 1, 0], true),
            ([10, 1 | 0o2_004_000, 6], true),
            ([2, 2, 0], false),
            ([2, 3, 1], false),
            ([2, 1, 262], false),
            ([1, 1, 0], false),
            ([16, 3, 0], false),
            ([17, 3, 0], false),
            ([40, 1, 0], false),
        ] {
            assert_eq!(machine.call("socket", &arguments) == Some(ALLOW), fits, "{arguments:?}");
        }
        assert_ne!(machine.call("setsockopt", &[0, 6, 30]), Some(ALLOW));
        assert_ne!(machine.call("bind", &[]), Some(ALLOW));
    }
}

#[test]
fn without_landlock_3_the_filter_holds_truncation() {
    for machine in machines(Shape { landlock_abi: 2, ..ONE }) {
        assert_eq!(machine.call("truncate", &[]), Some(errno(libc::EPERM)));
        assert_eq!(machine.call("openat", &[0, 0, 0o1000]), Some(errno(libc::EPERM)));
        assert_eq!(machine.call("openat", &[0, 0, 0o1001]), Some(ALLOW));
    }
}

#[test]
fn the_digest_names_the_filter_and_not_the_process() {
    let filter = Filter::compile(Arch::X86_64, ONE);
    assert_eq!(filter.digest(), Filter::compile(Arch::X86_64, ONE).digest());
    assert_ne!(filter.digest(), Filter::compile(Arch::Aarch64, ONE).digest());
    assert_ne!(filter.digest(), Filter::compile(Arch::X86_64, Shape { raw_tcp: true, ..ONE }).digest());
    assert_ne!(filter.for_process(1), filter.for_process(2));
}
