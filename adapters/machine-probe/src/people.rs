//! Who the process and the owners of folders are, and how their names are kept out of what is told.

use crate::fact::Fact;
use crate::tree::Tree;

/// First uid of a person (login.defs(5), UID_MIN), and the uid of nobody.
const FIRST_PERSON: u32 = 1000;
const NOBODY: u32 = 65534;

/// The user of this process, and the names that are not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// Effective user id.
    pub uid: u32,
    /// All groups of the process.
    pub groups: Vec<u32>,
    /// Home folder of the user.
    pub home: Option<String>,
    /// The uid of the service account `agent-machine`, where there is one.
    pub service: Option<u32>,
    homes: Vec<String>,
    hidden: Vec<(String, &'static str)>,
}

/// Reads who this process is, from /proc/self/status and /etc/passwd.
pub fn read(tree: &Tree) -> Fact<People> {
    let status = match tree.read("/proc/self/status") {
        Fact::Known(status) => status,
        Fact::Unknown(reason) => return Fact::Unknown(reason),
    };
    // Uid: real, effective, saved, file system (proc_pid_status(5)).
    let Some(uid) = numbers(&status, "Uid:").get(1).copied() else {
        return Fact::unknown("/proc/self/status has no Uid");
    };
    let mut groups = numbers(&status, "Groups:");
    groups.extend(numbers(&status, "Gid:").get(1));
    let mut people = People { uid, groups, home: None, service: None, homes: Vec::new(), hidden: Vec::new() };
    // Without it the home is not known, and no folder of a person can be told from others: nothing may be shown.
    match tree.read("/etc/passwd") {
        Fact::Known(accounts) => accounts.lines().for_each(|line| people.add_account(line)),
        Fact::Unknown(reason) => return Fact::Unknown(reason),
    }
    match tree.uname() {
        Fact::Known(uname) => people.hide_host(&uname.node),
        Fact::Unknown(reason) => return Fact::Unknown(reason),
    }
    // Longer names first: `ann` must not cut a hole into `ann-marie`.
    people.hidden.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.0.cmp(&b.0)));
    people.homes.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    Fact::Known(people)
}

fn numbers(status: &str, key: &str) -> Vec<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

impl People {
    fn add_account(&mut self, line: &str) {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, _, _, home, ..] = fields[..] else { return };
        let Ok(uid) = uid.parse::<u32>() else { return };
        if name == "agent-machine" {
            self.service = Some(uid);
        }
        let person = (uid >= FIRST_PERSON && uid != NOBODY) || (uid == self.uid && uid != 0);
        if uid == self.uid && self.home.is_none() && home.len() > 1 {
            self.home = Some(home.to_owned());
        } else if person && home.len() > 1 {
            self.homes.push(home.to_owned());
        }
        if person && name != "agent-machine" {
            self.hidden.push((name.to_owned(), "<user>"));
        }
    }

    fn hide_host(&mut self, node: &str) {
        let short = node.split('.').next().unwrap_or(node);
        for name in [node, short] {
            if !name.is_empty() && name != "localhost" {
                self.hidden.push((name.to_owned(), "<host>"));
            }
        }
    }

    /// The text without home folders, user names and the name of the host.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        if let Some(home) = &self.home {
            shown = replace_words(&shown, home, "~");
        }
        for home in &self.homes {
            shown = replace_words(&shown, home, "~<user>");
        }
        for (name, mark) in &self.hidden {
            shown = replace_words(&shown, name, mark);
        }
        shown
    }
}

/// Replaces `word` where no letter or digit touches it.
fn replace_words(text: &str, word: &str, mark: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(at) = text[from..].find(word).map(|at| from + at) {
        let end = at + word.len();
        let touches = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        out.push_str(&text[from..at]);
        if touches(text[..at].chars().next_back()) || touches(text[end..].chars().next()) {
            out.push_str(word);
        } else {
            out.push_str(mark);
        }
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::replace_words;

    #[test]
    fn replaces_whole_words_only() {
        assert_eq!(
            replace_words("/run/media/ann/ann-disk/annex", "ann", "<user>"),
            "/run/media/<user>/<user>-disk/annex"
        );
        assert_eq!(replace_words("fedora_box-root", "box", "<host>"), "fedora_<host>-root");
    }
}
