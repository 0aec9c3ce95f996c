//! Calls of `process.run`, and what became of a process.

use adapter_process::ProcessAdapter;
use contract_adapter::{Called, End, Harness};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::{Value, json};

/// Arguments that have the shell run `script`. Scripts that last use `tail -f /dev/null >/dev/null`: with our pipe as its
/// stdout, tail would leave by itself when the pipe is closed, and a test that it is ended would say nothing.
pub(crate) fn script(script: &str) -> Value {
    json!({ "argv": ["/bin/sh", "-c", script] })
}

/// The same with more members.
pub(crate) fn script_with(text: &str, more: &Value) -> Value {
    let mut args = script(text);
    let more = more.as_object().unwrap().clone();
    args.as_object_mut().unwrap().extend(more);
    args
}

pub(crate) fn call(args: Value) -> Called {
    Harness::new(ProcessAdapter).call("process.run", args)
}

/// The verdict and the data of a call that was done.
#[track_caller]
pub(crate) fn done(args: Value) -> (bool, Value) {
    match call(args).end {
        End::Result { ok, data } => (ok, data),
        error @ End::Error { .. } => panic!("not done: {error:?}"),
    }
}

/// Code, message and details of a call that failed.
#[track_caller]
pub(crate) fn failed(args: Value) -> (String, String, Value) {
    match call(args).end {
        End::Error { code, message, details, .. } => (code, message, details.unwrap_or_default()),
        result @ End::Result { .. } => panic!("no error: {result:?}"),
    }
}

/// All that was told of one stream.
pub(crate) fn told(called: &Called, stream: &str) -> String {
    let of_stream = called.progress.iter().filter(|step| step.data == Some(json!({ "stream": stream })));
    of_stream.filter_map(|step| step.message.as_deref()).collect()
}

/// The numbers of processes that a program wrote to its stdout.
pub(crate) fn pids(called: &Called) -> Vec<Pid> {
    let text = told(called, "stdout");
    text.split_whitespace().filter_map(|word| Pid::from_raw(word.parse().ok()?)).collect()
}

/// Whether a process has ended, or does within ten seconds.
pub(crate) fn is_gone(pid: Pid) -> bool {
    match pidfd_open(pid, PidfdFlags::empty()) {
        Err(Errno::SRCH) => true,
        Err(error) => panic!("pidfd_open: {error}"),
        Ok(end) => {
            let most = Timespec { tv_sec: 10, tv_nsec: 0 };
            poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&most)).unwrap() > 0
        }
    }
}

/// Whether a process runs now.
pub(crate) fn runs(pid: Pid) -> bool {
    pidfd_open(pid, PidfdFlags::empty()).is_ok_and(|end| {
        poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&Timespec::default())).unwrap() == 0
    })
}
