//! What every attempt needs: its scene, raw system calls, and a way to answer.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use contract_sandbox::seccomp::{Arch, Filter, Shape};
use contract_sandbox::{Profile, landlocked, seccomp};

/// What came of an attempt: a text, or an error number.
pub(crate) type Answer = Result<String, i32>;

/// The place of the attempt and its parameters.
pub(crate) struct Scene {
    abi: u8,
    profile: Profile,
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    pub(crate) values: BTreeMap<String, String>,
}

impl Scene {
    pub(crate) fn new(args: &[String]) -> Scene {
        Scene {
            abi: args[2].parse().expect("an ABI"),
            profile: serde_json::from_str(&args[3]).expect("a profile"),
            name: args[4].clone(),
            dir: PathBuf::from(&args[5]),
            values: args[6..]
                .iter()
                .filter_map(|pair| pair.split_once('='))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    pub(crate) fn restrict(&self, layers: &str) {
        match layers {
            "landlock" => landlocked::restrict(&self.profile, self.abi).expect("landlock"),
            "seccomp" => {
                rustix::thread::set_no_new_privs(true).expect("no_new_privs");
                let shape = Shape {
                    one_process: self.profile.is_one_process(),
                    raw_tcp: !self.profile.raw_tcp.is_empty(),
                    landlock_abi: self.abi,
                };
                let filter = Filter::compile(Arch::native().expect("a known machine"), shape);
                seccomp::install(&filter.for_process(std::process::id())).expect("seccomp");
            }
            _ => {}
        }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.join(below)
    }

    pub(crate) fn c_path(&self, below: &str) -> CString {
        CString::new(self.path(below).to_str().expect("UTF-8")).expect("no zero byte")
    }

    pub(crate) fn value(&self, key: &str) -> &str {
        self.values.get(key).map_or_else(|| panic!("no {key}"), String::as_str)
    }

    pub(crate) fn number(&self, key: &str) -> i64 {
        self.value(key).parse().expect("a number")
    }
}

/// A system call by number.
pub(crate) fn raw(number: libc::c_long, args: &[i64]) -> Result<i64, i32> {
    let mut six = [0; 6];
    six[..args.len()].copy_from_slice(args);
    let [a, b, c, d, e, f] = six;
    // SAFETY: the pointers among the arguments come from live values of the caller; what the kernel does with the
    // process otherwise is what this program is for.
    match unsafe { libc::syscall(number, a, b, c, d, e, f) } {
        -1 => Err(errno()),
        answer => Ok(answer),
    }
}

/// The address of a value that the kernel reads, as an argument.
pub(crate) fn at<T: ?Sized>(value: &T) -> i64 {
    std::ptr::from_ref(value).cast::<u8>().expose_provenance() as i64
}

/// The address of a value that the kernel writes, as an argument.
pub(crate) fn out<T: ?Sized>(value: &mut T) -> i64 {
    std::ptr::from_mut(value).cast::<u8>().expose_provenance() as i64
}

/// The address of a zero-ended text, as an argument.
pub(crate) fn text(value: &std::ffi::CStr) -> i64 {
    value.as_ptr().expose_provenance() as i64
}

pub(crate) fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// The answer for an I/O result.
pub(crate) fn io<T: ToString>(result: io::Result<T>) -> Answer {
    result.map(|value| value.to_string()).map_err(|e| e.raw_os_error().unwrap_or(0))
}

/// The answer for an I/O result without a value.
pub(crate) fn done<T>(result: io::Result<T>) -> Answer {
    io(result.map(|_| "done"))
}

/// The answer for a raw call.
pub(crate) fn number(result: Result<i64, i32>) -> Answer {
    result.map(|value| value.to_string())
}

/// Prints the answer and waits until the harness has looked.
pub(crate) fn answer(answer: &Answer) {
    let line = match answer {
        Ok(text) => format!("DONE ok {}\n", text.replace('\n', " ")),
        Err(errno) => format!("DONE errno {errno}\n"),
    };
    let _ = io::stdout().write_all(line.as_bytes());
    let _ = io::stdout().flush();
    let _ = io::stdin().read(&mut [0]);
}

/// Says that it is there, then waits for the end of its standard input.
pub(crate) fn be_a_victim() {
    let secret = std::env::args().nth(2).unwrap_or_default();
    let _ = writeln!(io::stdout(), "{:#x}", secret.as_ptr().addr());
    let _ = io::stdout().flush();
    let _ = io::stdin().read(&mut [0]);
}

pub(crate) fn effective_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

pub(crate) fn capabilities() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("CapEff")).unwrap_or("CapEff unknown").replace('\t', " ")
}
