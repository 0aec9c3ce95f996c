//! Mounts and the folders of Agent Machine, as they may be told.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fact::Fact;
use crate::mounts::{self, Mount, Reach};
use crate::people::People;
use crate::places::{Chosen, PLACES, choose};
use crate::safety::{Judged, Surroundings, judge_all};
use crate::tree::{Space, Tree};

/// What was seen of storage. Names of people and of the host are hidden.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// All mounts, in the order of the kernel.
    pub mounts: Vec<ShownMount>,
    /// Which folders apply, and why.
    pub chosen: Chosen,
    /// The folders that apply.
    pub places: Vec<Judged>,
    /// The folders of the system.
    pub system: BTreeMap<&'static str, String>,
    /// Those of the user, where there is a home.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<BTreeMap<&'static str, String>>,
    /// Space of each local mount. Varies.
    #[serde(skip)]
    pub spaces: BTreeMap<String, Space>,
}

/// A mount as it is told.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownMount {
    /// Where it is mounted.
    pub target: String,
    /// What is mounted; a digest where that would name a machine or a person elsewhere.
    pub source: String,
    /// Type of the file system.
    pub fs_type: String,
    /// Options without those that name folders, machines or people.
    pub options: Vec<String>,
    /// Whether it may be touched.
    pub reach: Reach,
}

/// Reads the group.
pub fn read(tree: &Tree, people: &People, selinux: Fact<&'static str>) -> Fact<Storage> {
    mounts::table(tree).map(|table| {
        let chosen = choose(tree, people);
        let around = Surroundings { tree, table: &table, people, chosen: &chosen, selinux };
        let mut places = judge_all(&around);
        places.iter_mut().for_each(|judged| hide(judged, people));
        Storage {
            mounts: table.iter().map(|mount| shown(mount, people)).collect(),
            places,
            system: PLACES.iter().map(|place| (place.key(), place.system().to_owned())).collect(),
            user: people.home.as_ref().map(|home| {
                PLACES.iter().map(|place| (place.key(), people.hide(&place.user(home, people.uid)))).collect()
            }),
            spaces: spaces(tree, &table, people),
            chosen,
        }
    })
}

fn spaces(tree: &Tree, table: &[Mount], people: &People) -> BTreeMap<String, Space> {
    table
        .iter()
        .filter(|mount| mount.reach == Reach::Local)
        .filter_map(|mount| Some((people.hide(&mount.target), *tree.space(&mount.target).known()?)))
        .filter(|(_, space)| space.size_bytes > 0)
        .collect()
}

fn shown(mount: &Mount, people: &People) -> ShownMount {
    let source = match mount.reach {
        Reach::Foreign => short_digest(&mount.source),
        Reach::Local | Reach::Kernel => people.hide(&mount.source),
    };
    ShownMount {
        target: people.hide(&mount.target),
        source,
        fs_type: mount.fs_type.clone(),
        options: mount.shown_options().iter().map(|option| people.hide(option)).collect(),
        reach: mount.reach,
    }
}

fn hide(judged: &mut Judged, people: &People) {
    judged.path = people.hide(&judged.path);
    judged.mount_target = judged.mount_target.clone().map(|target| people.hide(&target));
    for link in &mut judged.links {
        link.path = people.hide(&link.path);
    }
    for option in &mut judged.mount_options {
        *option = people.hide(option);
    }
    for reason in &mut judged.reasons {
        reason.text = people.hide(&reason.text);
    }
    judged.exists = hidden_reason(judged.exists.clone(), people);
    judged.space = hidden_reason(judged.space.clone(), people);
}

fn hidden_reason<T>(fact: Fact<T>, people: &People) -> Fact<T> {
    match fact {
        Fact::Unknown(reason) => Fact::Unknown(people.hide(&reason)),
        known @ Fact::Known(_) => known,
    }
}

/// `sha256:` and the first 16 hex digits: enough to see that two names are the same.
#[must_use]
pub fn short_digest(text: &str) -> String {
    contract_json::sha256_text(text.as_bytes()).chars().take("sha256:".len() + 16).collect()
}
