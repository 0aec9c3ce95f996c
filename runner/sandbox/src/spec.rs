//! What the runner tells the launcher, in one JSON document.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::failure::LaunchFailure;
use crate::profile::Profile;

/// The largest launch spec the launcher reads.
pub const MAX_SPEC_BYTES: usize = 4 << 20;

/// One launch: what to run, and in which profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LaunchSpec {
    /// The restriction.
    pub profile: Profile,
    /// The program, as an absolute path.
    pub program: PathBuf,
    /// The argument vector, the program's own name first.
    pub argv: Vec<String>,
    /// The whole environment of the adapter.
    pub env: Vec<(String, String)>,
    /// The working directory, as an absolute path.
    pub cwd: PathBuf,
    /// A file made by the runner outside all grants, readable and writable for the runner's user.
    pub canary: PathBuf,
    /// The process that started the launcher.
    pub runner_pid: u32,
    /// Descriptors beyond 0, 1 and 2 that the adapter keeps.
    pub granted_fds: Vec<GrantedFd>,
    /// The highest Landlock ABI to use; lowers only.
    pub max_abi: Option<u8>,
}

/// A descriptor that the plan hands to the adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantedFd {
    /// Its number in the launcher and in the adapter.
    pub fd: i32,
    /// Its name in reports.
    pub name: String,
}

impl LaunchSpec {
    /// The bytes for the launcher's spec descriptor.
    ///
    /// # Errors
    /// [`LaunchFailure::Spec`] when a path is not UTF-8 or the spec is over [`MAX_SPEC_BYTES`].
    pub fn encode(&self) -> Result<Vec<u8>, LaunchFailure> {
        let bytes = serde_json::to_vec(self)
            .map_err(|e| LaunchFailure::spec(format!("the launch spec cannot be written: {e}")))?;
        if bytes.len() > MAX_SPEC_BYTES {
            return Err(LaunchFailure::spec(format!("the launch spec is over {MAX_SPEC_BYTES} bytes")));
        }
        Ok(bytes)
    }

    /// Reads and checks a spec.
    ///
    /// # Errors
    /// [`LaunchFailure::Spec`] says what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, LaunchFailure> {
        let spec: LaunchSpec = serde_json::from_slice(bytes)
            .map_err(|e| LaunchFailure::spec(format!("the launch spec cannot be read: {e}")))?;
        spec.check()?;
        Ok(spec)
    }

    fn check(&self) -> Result<(), LaunchFailure> {
        let profile = &self.profile;
        let named = [("program", &self.program), ("cwd", &self.cwd), ("canary", &self.canary)];
        let granted = [("read", &profile.read), ("write", &profile.write), ("exec", &profile.exec)];
        let paths = named
            .into_iter()
            .chain(granted.into_iter().flat_map(|(name, list)| list.iter().map(move |path| (name, path))));
        for (name, path) in paths {
            if !path.is_absolute() {
                return Err(LaunchFailure::spec(format!("{name} path {} is not absolute", path.display())));
            }
        }
        if self.argv.is_empty() {
            return Err(LaunchFailure::spec("argv is empty; its first entry is the program's name".into()));
        }
        if profile.processes == 0 {
            return Err(LaunchFailure::spec("processes is 0; the smallest number is 1".into()));
        }
        if self.max_abi == Some(0) {
            return Err(LaunchFailure::spec("maxAbi is 0; the smallest Landlock ABI is 1".into()));
        }
        if let Some(bad) = self.granted_fds.iter().find(|granted| granted.fd < 3) {
            return Err(LaunchFailure::spec(format!("granted descriptor {} is below 3", bad.fd)));
        }
        for (name, _) in &self.env {
            if name.is_empty() || name.contains('=') {
                return Err(LaunchFailure::spec(format!("{name:?} is no name of an environment variable")));
            }
        }
        let texts = self.argv.iter().chain(self.env.iter().flat_map(|(name, value)| [name, value]));
        if let Some(bad) = texts.into_iter().find(|text| text.contains('\0')) {
            return Err(LaunchFailure::spec(format!("{bad:?} holds a zero byte")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> LaunchSpec {
        LaunchSpec {
            profile: Profile::strictest("p"),
            program: "/bin/true".into(),
            argv: vec!["true".into()],
            env: Vec::new(),
            cwd: "/".into(),
            canary: "/c".into(),
            runner_pid: 1,
            granted_fds: Vec::new(),
            max_abi: None,
        }
    }

    fn refusal(change: impl FnOnce(&mut LaunchSpec)) -> String {
        let mut changed = spec();
        change(&mut changed);
        match LaunchSpec::decode(&changed.encode().unwrap()) {
            Err(LaunchFailure::Spec { message }) => message,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn a_spec_survives_the_descriptor() {
        assert_eq!(LaunchSpec::decode(&spec().encode().unwrap()).unwrap(), spec());
    }

    #[test]
    fn a_bad_spec_is_refused_with_its_reason() {
        assert!(refusal(|s| s.program = "true".into()).contains("program path true"));
        assert!(refusal(|s| s.profile.read = vec!["x".into()]).contains("read path x"));
        assert!(refusal(|s| s.argv.clear()).contains("argv"));
        assert!(refusal(|s| s.profile.processes = 0).contains("processes"));
        assert!(refusal(|s| s.max_abi = Some(0)).contains("maxAbi"));
        assert!(refusal(|s| s.env = vec![("A=B".into(), String::new())]).contains("environment"));
        assert!(refusal(|s| s.argv = vec!["a\0b".into()]).contains("zero byte"));
        assert!(refusal(|s| s.granted_fds = vec![GrantedFd { fd: 2, name: "x".into() }]).contains("below 3"));
    }

    #[test]
    fn an_unknown_member_is_refused() {
        let mut value = serde_json::to_value(spec()).unwrap();
        value["unsandboxed"] = true.into();
        let bytes = serde_json::to_vec(&value).unwrap();
        assert!(matches!(LaunchSpec::decode(&bytes), Err(LaunchFailure::Spec { .. })));
    }
}
