//! Names that a transcript must not tell: that of the host and those of people.

/// The name of this host, and the accounts of people with their homes.
#[derive(Debug)]
pub(crate) struct Names {
    host: Option<String>,
    homes: Vec<String>,
}

/// First uid of a person (login.defs(5), UID_MIN), and the uid of nobody.
const FIRST_PERSON: u32 = 1000;
const NOBODY: u32 = 65534;

impl Names {
    /// Those of this machine.
    pub(crate) fn of_this_machine() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let host = read("/proc/sys/kernel/hostname").trim().to_owned();
        // A host that is called like its system, or like every other one, cannot be told from them.
        let is_telling =
            !host.is_empty() && host != "localhost" && !has_word(&read("/etc/os-release"), &host);
        Self { host: is_telling.then_some(host), homes: homes(&read("/etc/passwd")) }
    }

    /// The first one that stands in a text. What the caller has said itself may be there.
    pub(crate) fn told_in(&self, transcript: &str, said: &str) -> Option<String> {
        let host = self.host.iter().find(|host| has_word(transcript, host)).map(|_| "the name of the host");
        let home = || {
            let found = self.homes.iter().find(|home| has_word(transcript, home) && !said.contains(*home));
            found.map(|_| "the home of a person")
        };
        host.or_else(home).map(str::to_owned)
    }
}

fn homes(passwd: &str) -> Vec<String> {
    let person = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [_, _, uid, _, _, home, ..] = fields[..] else { return None };
        let uid: u32 = uid.parse().ok()?;
        (uid >= FIRST_PERSON && uid != NOBODY && home.len() > 1).then(|| home.to_owned())
    };
    passwd.lines().filter_map(person).collect()
}

/// Whether `word` stands there with no letter or digit beside it.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_word_and_what_was_said_by_the_caller_is_let_pass() {
        let names = Names { host: Some("box".to_owned()), homes: vec!["/people/ann".to_owned()] };
        assert!(names.told_in("{\"node\":\"box\"}", "").is_some());
        assert_eq!(names.told_in("{\"kind\":\"boxes\",\"at\":\"/people/anna\"}", ""), None);
        assert!(names.told_in("/people/ann/x", "").is_some());
        assert_eq!(names.told_in("/people/ann/x", "{\"file\":\"/people/ann/x\"}"), None);
    }

    #[test]
    fn people_have_accounts_from_1000_on() {
        let passwd = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/people/ann:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n";
        assert_eq!(homes(passwd), ["/people/ann"]);
    }
}
