//! This machine, compared with what its own tools and /proc say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use adapter_machine_probe::MachineProbe;
use adapter_machine_probe::tree::Tree;
use contract_adapter::Harness;
use serde_json::{Value, json};

use crate::recorded::PATIENT;

/// Facts that are compared when both tools are there.
const NAMED_FACTS: usize = 30;

#[derive(Default)]
struct Compared {
    names: BTreeSet<String>,
    skipped: bool,
}

impl Compared {
    #[track_caller]
    fn equal(&mut self, name: impl Into<String>, found: &Value, expected: &Value) {
        let name = name.into();
        assert_eq!(found, expected, "{name}");
        self.names.insert(name);
    }
}

fn probe() -> Value {
    Harness::new(MachineProbe::of(Tree::live(), PATIENT))
        .call("machine.probe", json!({"names": true}))
        .data()
        .clone()
}

/// What a tool prints with these arguments, or nothing where it is not there.
#[expect(clippy::print_stderr, reason = "a skipped comparison must be seen")]
fn tool(program: &str, args: &[&str]) -> Option<Value> {
    #[expect(clippy::disallowed_methods, reason = "the test compares with what the tool says")]
    let output = Command::new(program).args(args).env("LC_ALL", "C").output();
    match output {
        Ok(output) if output.status.success() => Some(contract_json::from_slice(&output.stdout).unwrap()),
        _ => {
            eprintln!("skipped: {program} is not here, or does not know {args:?}");
            None
        }
    }
}

fn line(path: &str) -> Value {
    json!(fs::read_to_string(path).unwrap().trim_end())
}

fn memory(key: &str) -> Value {
    let text = fs::read_to_string("/proc/meminfo").unwrap();
    let row = text.lines().find(|line| line.starts_with(key)).unwrap();
    json!(row.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024)
}

fn with_proc(data: &Value, compared: &mut Compared) {
    let facts = &data["facts"];
    compared.equal("kernel", &facts["host"]["kernel"], &line("/proc/sys/kernel/osrelease"));
    compared.equal("os", &facts["host"]["os"], &line("/proc/sys/kernel/ostype"));
    compared.equal("host name", &facts["hostName"], &line("/proc/sys/kernel/hostname"));
    compared.equal("memory", &facts["hardware"]["memoryBytes"], &memory("MemTotal:"));
    compared.equal("swap", &facts["hardware"]["swapBytes"], &memory("SwapTotal:"));
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    compared.equal(
        "uid",
        &facts["uid"],
        &json!(uid.split_whitespace().nth(1).unwrap().parse::<u32>().unwrap()),
    );
    if let Ok(release) = fs::read_to_string("/etc/os-release") {
        let value = |key: &str| {
            release
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .map(|text| text.trim_matches('"').to_owned())
        };
        let found = &facts["host"]["distribution"];
        compared.equal("distribution", &found["id"], &json!(value("ID=")));
        compared.equal("version", &found["versionId"], &json!(value("VERSION_ID=")));
        compared.equal("pretty name", &found["prettyName"], &json!(value("PRETTY_NAME=")));
    }
    if let Ok(actions) = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail") {
        let actions: Vec<&str> = actions.split_whitespace().collect();
        compared.equal("seccomp", &facts["host"]["seccompActions"], &json!(actions));
    }
}

fn with_lscpu(data: &Value, compared: &mut Compared) {
    let Some(printed) = tool("lscpu", &["-J"]) else { return compared.skipped = true };
    let mut fields = BTreeMap::new();
    let mut open: Vec<&Value> = printed["lscpu"].as_array().unwrap().iter().collect();
    while let Some(entry) = open.pop() {
        fields.insert(entry["field"].as_str().unwrap().to_owned(), entry["data"].clone());
        open.extend(entry["children"].as_array().into_iter().flatten());
    }
    let hardware = &data["facts"]["hardware"];
    compared.equal("architecture", &data["facts"]["host"]["architecture"], &fields["Architecture:"]);
    compared.equal("CPUs", &json!(hardware["logicalCpus"].to_string()), &fields["CPU(s):"]);
    if data["facts"]["host"]["architecture"] == "x86_64" {
        compared.equal("model", &hardware["cpuModel"], &fields["Model name:"]);
    }
    let mut flags: Vec<&str> = fields["Flags:"].as_str().unwrap().split_whitespace().collect();
    flags.sort_unstable();
    flags.dedup();
    compared.equal("features", &hardware["cpuFeatures"], &json!(flags));
}

fn with_findmnt(data: &Value, compared: &mut Compared) {
    let columns = ["-J", "-l", "-o", "TARGET,SOURCE,FSTYPE,OPTIONS,MAJ:MIN"];
    let Some(printed) = tool("findmnt", &columns) else { return compared.skipped = true };
    let printed = printed["filesystems"].as_array().unwrap();
    let found = data["facts"]["storage"]["mounts"].as_array().unwrap();
    compared.equal("number of mounts", &json!(found.len()), &json!(printed.len()));
    for (mount, other) in found.iter().zip(in_kernel_order(printed)) {
        let target = other["target"].as_str().unwrap();
        compared.equal(format!("target of {target}"), &mount["target"], &other["target"]);
        compared.equal(format!("type of {target}"), &mount["fsType"], &other["fstype"]);
        let bind = other["source"].as_str().unwrap().contains('[');
        if mount["reach"] != "foreign" && !bind && mount["fsType"] != "overlay" {
            compared.equal(format!("source of {target}"), &mount["source"], &other["source"]);
            let set = |text: &str| text.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
            let own =
                mount["options"].as_array().unwrap().iter().map(|option| option.as_str().unwrap().to_owned());
            compared.equal(
                format!("options of {target}"),
                &json!(own.collect::<BTreeSet<_>>()),
                &json!(set(other["options"].as_str().unwrap())),
            );
        }
    }
}

/// findmnt prints the tree from its root; mountinfo is in the order of the kernel.
fn in_kernel_order(printed: &[Value]) -> Vec<Value> {
    let mut left: Vec<Value> = printed.to_vec();
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mut ordered = Vec::new();
    for row in text.lines() {
        let fields: Vec<&str> = row.split(' ').collect();
        let target = fields[4].replace("\\040", " ");
        let at = left
            .iter()
            .position(|own| own["target"] == json!(target) && own["maj:min"] == json!(fields[2]))
            .unwrap();
        ordered.push(left.remove(at));
    }
    ordered
}

fn with_lsblk(data: &Value, compared: &mut Compared) {
    let Some(printed) = tool("lsblk", &["-J", "-b", "-d", "-o", "NAME,SIZE,ROTA,RO"]) else {
        return compared.skipped = true;
    };
    for disk in data["facts"]["disks"].as_array().unwrap() {
        let Some(other) =
            printed["blockdevices"].as_array().unwrap().iter().find(|own| own["name"] == disk["name"])
        else {
            continue;
        };
        let name = disk["name"].as_str().unwrap();
        compared.equal(format!("size of {name}"), &disk["sizeBytes"], &other["size"]);
        compared.equal(format!("rotational of {name}"), &disk["rotational"], &other["rota"]);
        compared.equal(format!("read-only of {name}"), &disk["readOnly"], &other["ro"]);
    }
}

#[test]
fn thirty_facts_equal_what_the_tools_and_the_kernel_say() {
    let data = probe();
    let mut compared = Compared::default();
    with_proc(&data, &mut compared);
    with_lscpu(&data, &mut compared);
    with_findmnt(&data, &mut compared);
    with_lsblk(&data, &mut compared);
    assert!(compared.skipped || compared.names.len() >= NAMED_FACTS, "only {:?}", compared.names);
}
