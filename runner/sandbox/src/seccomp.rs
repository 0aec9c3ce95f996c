//! The system call filter: rules by name, compiled to a short program, installed for the whole process.

mod assemble;
mod compile;
mod numbers_aarch64;
mod numbers_x86_64;
mod policy;
mod rule;

use std::io;

pub use assemble::{AND, Instruction, JUMP_ANY_BIT, JUMP_AT_LEAST, JUMP_EQUAL, LOAD, RETURN, answer};
pub use compile::{Arch, Filter};
pub use policy::Shape;
pub use rule::Verdict;

/// Installs a program for every thread of this process; `no_new_privs` must be set.
///
/// # Errors
/// The error of `seccomp(2)`.
pub fn install(program: &[Instruction]) -> io::Result<()> {
    let mut filter: Vec<libc::sock_filter> =
        program.iter().map(|i| libc::sock_filter { code: i.code, jt: i.jt, jf: i.jf, k: i.k }).collect();
    let header = libc::sock_fprog {
        len: u16::try_from(filter.len()).expect("a filter is shorter than 256 instructions"),
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: `header` points to `filter`, which lives until the call returns; the kernel copies both.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_TSYNC,
            std::ptr::from_ref(&header),
        )
    };
    match answer {
        0 => Ok(()),
        -1 => Err(io::Error::last_os_error()),
        thread => Err(io::Error::other(format!("thread {thread} could not be covered"))),
    }
}
