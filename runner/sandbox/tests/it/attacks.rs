//! The attack table: four modes, two users, seven ABIs. A row that is not open without the sandbox proves nothing, so it is red
//! unless the kernel itself says why.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::modes::{Mode, Seen, attempt};
use crate::rows::{Bare, EXPECTED_ROWS, ROWS, Row};
use crate::stage::User;

const NEWEST_ABI: u8 = 7;
const MODES: [Mode; 4] = [Mode::Bare, Mode::Landlock, Mode::Seccomp, Mode::Both];
/// EIO, ENXIO, ENODEV, EINVAL, ENOTTY, ENOSYS, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT, ENOENT: this kernel or
/// host has no such thing.
const NO_SUCH_THING: &[&str] = &[
    "errno 5",
    "errno 6",
    "errno 19",
    "errno 22",
    "errno 25",
    "errno 38",
    "errno 93",
    "errno 94",
    "errno 95",
    "errno 97",
    "errno 2",
    "errno 99",
    "ended by a signal",
];
const NOT_ALLOWED: &[&str] = &["errno 1", "errno 13", "errno 24"];

type Seens = BTreeMap<Mode, Seen>;

fn users() -> Vec<User> {
    if rustix::process::geteuid().is_root() {
        vec![User::Own, User::Nobody]
    } else {
        eprintln!("skipped: the half that attacks as root");
        vec![User::Own]
    }
}

/// Each job on one of a few threads: an attempt is mostly waiting.
fn in_parallel<T: Sync>(jobs: Vec<T>, work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(job);
                }
            });
        }
    });
}

/// Why a row cannot be tried here, when the kernel's own answer without a sandbox says so.
fn not_applicable(row: &Row, user: User, bare: &Seen) -> Option<String> {
    let Seen::Denied(why) = bare else { return None };
    let is_root = user == User::Own && rustix::process::geteuid().is_root();
    let known = |list: &[&str]| list.contains(&why.as_str());
    let excused = known(NO_SUCH_THING)
        || match row.bare {
            Bare::Anyone => false,
            Bare::Root => !is_root && known(NOT_ALLOWED),
            Bare::User => is_root || !rustix::process::geteuid().is_root(),
            Bare::BySetting => known(NOT_ALLOWED),
        };
    excused.then(|| why.clone())
}

fn table(user: User) -> BTreeMap<&'static str, Seens> {
    let seen = Mutex::new(BTreeMap::<_, Seens>::new());
    let jobs: Vec<_> = ROWS.iter().flat_map(|row| MODES.map(|mode| (row, mode))).collect();
    in_parallel(jobs, |(row, mode)| {
        let came = attempt(row, *mode, user, NEWEST_ABI);
        seen.lock().unwrap().entry(row.name).or_default().insert(*mode, came);
    });
    seen.into_inner().unwrap()
}

fn faults(user: User, table: &BTreeMap<&'static str, Seens>) -> Vec<String> {
    let mut faults = Vec::new();
    for row in ROWS {
        let seens = &table[row.name];
        let bare = &seens[&Mode::Bare];
        if not_applicable(row, user, bare).is_some() {
            continue;
        }
        if *bare != Seen::Open {
            faults.push(format!("{}: instrument error: without a sandbox {bare:?}", row.name));
            continue;
        }
        let both = &seens[&Mode::Both];
        match (row.open_by_design, both) {
            (false, Seen::Open) => faults.push(format!("{}: OPEN in the sandbox", row.name)),
            (true, Seen::Denied(why)) => {
                faults.push(format!("{}: said to be open by design, and is denied: {why}", row.name));
            }
            _ => {}
        }
    }
    faults
}

#[test]
fn every_attempt_is_open_without_the_sandbox_and_denied_in_it() {
    assert_eq!(ROWS.len(), EXPECTED_ROWS, "rows were added or lost");
    for user in users() {
        let table = table(user);
        let applicable = ROWS
            .iter()
            .filter(|row| not_applicable(row, user, &table[row.name][&Mode::Bare]).is_none())
            .count();
        let faults = faults(user, &table);
        let shown: String = table.iter().map(|(name, seens)| format!("{name:32} {seens:?}\n")).collect();
        assert!(faults.is_empty(), "as {user:?}:\n{shown}\n{}", faults.join("\n"));
        // Most of the table must be a real test on any host.
        assert!(
            applicable * 10 >= ROWS.len() * 7,
            "only {applicable} of {} rows apply as {user:?}:\n{shown}",
            ROWS.len()
        );
        eprintln!("{applicable} of {} attempts apply as {user:?}, and all are held", ROWS.len());
    }
}

#[test]
fn one_layer_alone_would_not_do() {
    // The layers are two because neither holds everything: these are the reasons for both.
    let by_name = |name: &str| *ROWS.iter().find(|row| row.name == name).unwrap();
    for (name, open, denied) in
        [("read-open", Mode::Seccomp, Mode::Landlock), ("udp-send", Mode::Landlock, Mode::Seccomp)]
    {
        assert_eq!(attempt(&by_name(name), open, User::Own, NEWEST_ABI), Seen::Open, "{name} in {open:?}");
        assert!(
            matches!(attempt(&by_name(name), denied, User::Own, NEWEST_ABI), Seen::Denied(_)),
            "{name} in {denied:?}"
        );
    }
}

#[test]
fn an_older_kernel_denies_the_same() {
    let seen = Mutex::new(BTreeMap::<u8, Vec<&str>>::new());
    let user = *users().last().unwrap();
    let jobs: Vec<_> = (1..=NEWEST_ABI).flat_map(|abi| ROWS.iter().map(move |row| (abi, row))).collect();
    in_parallel(jobs, |(abi, row)| {
        if attempt(row, Mode::Both, user, *abi) == Seen::Open {
            seen.lock().unwrap().entry(*abi).or_default().push(row.name);
        }
    });
    let mut open = seen.into_inner().unwrap();
    open.values_mut().for_each(|names| names.sort_unstable());
    let newest = open[&NEWEST_ABI].clone();
    for (abi, names) in &open {
        // Without ABI 4 a plan with sockets of its own does not even start.
        let expected: Vec<_> =
            newest.iter().copied().filter(|name| *abi >= 4 || *name != "raw-tcp-granted-port").collect();
        assert_eq!(*names, expected, "open with Landlock ABI {abi}");
    }
}
