//! The same mounts as other programs take them, each with its own way of quoting.
//!
//! Paths are absolute and hold no control character (`MOUNT_ROOT_CONTROL_CHARACTER`). The places in the agent machine are of
//! letters, digits, `/` and `-`, so that they need no quotes anywhere.

use serde::Serialize;

use crate::documents::Mount;
use crate::purpose::{Label, Mode};

/// All forms of one plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Forms {
    /// Words for `podman run`.
    pub podman: Vec<String>,
    /// Words for `bwrap`.
    pub bubblewrap: Vec<String>,
    /// Lines for the section `Service` of a unit.
    pub systemd: Vec<String>,
    /// Lines for the section `Container` of a Quadlet unit.
    pub quadlet: Vec<String>,
}

impl Forms {
    /// The forms of these mounts, in their order.
    #[must_use]
    pub fn of(mounts: &[Mount]) -> Self {
        let mut forms = Self::default();
        for mount in mounts {
            forms.podman.extend(podman(mount));
            forms.bubblewrap.extend(bubblewrap(mount));
            forms.systemd.push(systemd(mount));
            forms.quadlet.push(quadlet(mount));
        }
        forms
    }
}

/// podman-run(1). `-v` is cut at each colon and knows no escape; `--mount` takes any path.
fn podman(mount: &Mount) -> [String; 2] {
    match volume(mount) {
        Some(volume) => ["-v".to_owned(), volume],
        None => ["--mount".to_owned(), comma_separated(mount)],
    }
}

/// bwrap(1): words, taken as they are.
fn bubblewrap(mount: &Mount) -> [String; 3] {
    let option = match mount.mode {
        Mode::ReadOnly => "--ro-bind",
        Mode::ReadWrite => "--bind",
    };
    [option.to_owned(), mount.source.clone(), mount.target.clone()]
}

/// systemd.exec(5). Specifiers are expanded in the paths, variables are not.
fn systemd(mount: &Mount) -> String {
    let setting = match mount.mode {
        Mode::ReadOnly => "BindReadOnlyPaths",
        Mode::ReadWrite => "BindPaths",
    };
    format!("{setting}={}:{}", quoted(&mount.source.replace('%', "%%")), mount.target)
}

/// podman-systemd.unit(5). The value ends as a word of `ExecStart=`, where specifiers and variables are expanded
/// (systemd.service(5)); the generator itself expands neither and puts the quotes there.
fn quadlet(mount: &Mount) -> String {
    let literal = |text: String| text.replace('%', "%%").replace('$', "$$");
    match volume(mount) {
        Some(volume) => format!("Volume={}", literal(volume)),
        // Unlike `Volume=`, this one is cut into words first.
        None => format!("Mount={}", quoted(&literal(comma_separated(mount)))),
    }
}

/// `SOURCE:TARGET:OPTIONS`, unless the source has a colon.
fn volume(mount: &Mount) -> Option<String> {
    let mode = match mount.mode {
        Mode::ReadOnly => "ro",
        Mode::ReadWrite => "rw",
    };
    let label = mount.selinux.option;
    let comma = if label.is_empty() { "" } else { "," };
    (!mount.source.contains(':')).then(|| format!("{}:{}:{mode}{comma}{label}", mount.source, mount.target))
}

/// One line of comma separated values (RFC 4180), as podman reads `--mount`.
fn comma_separated(mount: &Mount) -> String {
    let source = format!("src={}", mount.source);
    let source =
        if source.contains([',', '"']) { format!("\"{}\"", source.replace('"', "\"\"")) } else { source };
    let mode = match mount.mode {
        Mode::ReadOnly => "true",
        Mode::ReadWrite => "false",
    };
    let label = match mount.selinux.label {
        Label::Shared => ",relabel=shared",
        Label::Private => ",relabel=private",
        Label::None => "",
    };
    format!("type=bind,{source},dst={},readonly={mode}{label}", mount.target)
}

/// One word of a unit (systemd.syntax(7)). A double quote goes into single quotes: not every setting takes `\"`, and every one
/// takes `\\`.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\"'\"'\""))
}
