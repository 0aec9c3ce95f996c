//! The places that rules speak of, as data.

use super::Reason;

/// A folder in which homes lie, or that is one.
pub(super) struct Homes {
    pub(super) folder: &'static [&'static str],
    /// Each name in it is a user; otherwise it is a home itself.
    pub(super) of_users: bool,
    /// From how many names on a folder above counts as one that holds homes.
    pub(super) from: usize,
}

pub(super) const HOMES: &[Homes] = &[
    Homes { folder: &["home"], of_users: true, from: 0 },
    Homes { folder: &["Users"], of_users: true, from: 0 },
    Homes { folder: &["root"], of_users: false, from: 1 },
    Homes { folder: &["var", "home"], of_users: true, from: 1 },
    Homes { folder: &["var", "root"], of_users: false, from: 2 },
    Homes { folder: &["var", "roothome"], of_users: false, from: 2 },
    Homes { folder: &["usr", "home"], of_users: true, from: 2 },
    Homes { folder: &["export", "home"], of_users: true, from: 1 },
    Homes { folder: &["System", "Volumes", "Data", "Users"], of_users: true, from: 3 },
    Homes { folder: &["mnt", "c", "Users"], of_users: true, from: 2 },
];

/// Folders of a home that are shared by everything its owner does.
pub(super) const OWNED: &[(&[&str], Reason)] = &[
    (&["Downloads"], Reason::WholeDownloads),
    (&["Downloads", "SourceOS"], Reason::SharedDownloads),
    (&["Documents"], Reason::WholeDocuments),
    (&["Documents", "SourceOS"], Reason::SharedDocuments),
];

/// Something private: the place itself, all below it, and every folder above it up to the home or `/`.
pub(super) struct Private {
    pub(super) path: &'static [&'static str],
    pub(super) what: &'static str,
}

macro_rules! private {
    ($($what:literal: $([$($name:literal),+])+;)+) => {
        &[$($(Private { path: &[$($name),+], what: $what },)+)+]
    };
}

/// Below a home.
pub(super) const PRIVATE: &[Private] = private! {
    "keys and passwords":
        [".ssh"] [".gnupg"] [".aws"] [".azure"] [".config", "gcloud"] [".kube"] [".docker"] [".netrc"] [".password-store"]
        [".local", "share", "keyrings"] [".local", "share", "kwalletd"] [".local", "share", "password-store"] [".pki"]
        [".git-credentials"] [".config", "git", "credentials"] [".config", "gh"] [".config", "hub"] [".config", "op"]
        [".config", "rclone"] [".config", "sops"] [".config", "age"] [".config", "containers", "auth.json"]
        [".config", "keepassxc"] [".config", "Bitwarden"] [".vault-token"] [".terraform.d", "credentials.tfrc.json"]
        [".pypirc"] [".npmrc"] [".cargo", "credentials"] [".cargo", "credentials.toml"] [".gem", "credentials"]
        [".pgpass"] [".my.cnf"] [".age"] [".minisign"] ["Library", "Keychains"];
    "a browser profile":
        [".mozilla"] [".librewolf"] [".tor-browser"] [".zen"] [".config", "google-chrome"] [".config", "chromium"]
        [".config", "BraveSoftware"] [".config", "microsoft-edge"] [".config", "vivaldi"] [".config", "opera"]
        ["snap", "firefox"] ["snap", "chromium"] [".var", "app", "org.mozilla.firefox"] [".var", "app", "com.google.Chrome"]
        [".var", "app", "org.chromium.Chromium"] [".var", "app", "com.brave.Browser"] [".var", "app", "com.microsoft.Edge"]
        ["Library", "Safari"] ["Library", "Cookies"] ["Library", "Containers", "com.apple.Safari"]
        ["Library", "Application Support", "Firefox"] ["Library", "Application Support", "Google", "Chrome"]
        ["Library", "Application Support", "Chromium"] ["Library", "Application Support", "BraveSoftware"]
        ["Library", "Application Support", "Microsoft Edge"];
    "mail":
        [".thunderbird"] [".icedove"] [".var", "app", "org.mozilla.Thunderbird"] ["Mail"] ["Maildir"] [".mail"] [".maildir"]
        [".local", "share", "mail"] [".local", "share", "evolution"] [".config", "evolution"] [".local", "share", "geary"]
        ["Library", "Mail"] ["Library", "Containers", "com.apple.mail"] ["Library", "Thunderbird"];
    "the data of an application":
        ["Library", "Group Containers"] ["Library", "Containers"] ["Library", "Messages"] ["Library", "Calendars"]
        ["Library", "Reminders"] ["Library", "Photos"] ["Library", "Accounts"] ["Library", "HomeKit"] ["Library", "Health"]
        ["Library", "Mobile Documents"] ["Library", "CloudStorage"] ["Library", "Application Support", "AddressBook"]
        ["Library", "Application Support", "CallHistoryDB"] ["Library", "Application Support", "com.apple.TCC"]
        ["Library", "Application Support", "com.apple.voicememos"] ["Library", "Application Support", "Knowledge"]
        ["Pictures", "Photos Library.photoslibrary"] ["Pictures", "Photos.photoslibrary"]
        [".config", "Signal"] [".local", "share", "TelegramDesktop"] [".config", "Slack"];
    "the history of a shell":
        [".bash_history"] [".zsh_history"] [".zhistory"] [".histfile"] [".history"] [".sh_history"]
        [".local", "share", "fish", "fish_history"] [".python_history"] [".node_repl_history"] [".psql_history"]
        [".mysql_history"] [".sqlite_history"] [".viminfo"] [".lesshst"];
    "the socket or the store of a container engine":
        [".local", "share", "containers"] [".local", "share", "docker"] [".colima"] [".lima"] [".rd"] [".orbstack"];
};

/// Below `/`.
pub(super) const SYSTEM: &[Private] = private! {
    "the state of the running system": ["proc"] ["sys"] ["dev"];
    "keys and passwords":
        ["etc", "shadow"] ["etc", "gshadow"] ["etc", "sudoers"] ["etc", "sudoers.d"] ["etc", "ssh"] ["etc", "ssl", "private"]
        ["etc", "pki"] ["etc", "kubernetes"] ["etc", "NetworkManager", "system-connections"] ["etc", "wireguard"]
        ["run", "secrets"] ["var", "run", "secrets"] ["var", "db", "dslocal"] ["Library", "Keychains"];
    "the socket or the store of a container engine":
        ["run", "docker.sock"] ["var", "run", "docker.sock"] ["run", "podman"] ["var", "run", "podman"]
        ["run", "containerd"] ["var", "run", "containerd"] ["run", "crio"] ["var", "run", "crio"] ["run", "user"]
        ["var", "run", "user"] ["run", "docker"] ["var", "lib", "docker"] ["var", "lib", "containerd"]
        ["var", "lib", "containers"] ["var", "lib", "kubelet"] ["var", "run", "cri-dockerd.sock"];
    "mail": ["var", "mail"] ["var", "spool", "mail"] ["var", "vmail"];
};

/// Names in a path that show the data of an application. A `*` stands for any characters before or after.
pub(super) struct Data {
    pub(super) names: &'static [&'static str],
    pub(super) what: &'static str,
}

/// So many entries of the table mean nothing else, wherever they stand.
pub(super) const CERTAIN: usize = 17;

pub(super) const APPLICATION_DATA: &[Data] = &[
    Data { names: &["NoteStore.sqlite*"], what: "the store of Notes" },
    Data { names: &["group.com.apple.*"], what: "the shared container of an Apple application" },
    Data { names: &["*.photoslibrary"], what: "a library of Photos" },
    Data { names: &["Library", "Mail"], what: "the store of Mail" },
    Data { names: &["Library", "Messages"], what: "the store of Messages" },
    Data { names: &["Library", "Calendars"], what: "the store of Calendar" },
    Data { names: &["Library", "Reminders"], what: "the store of Reminders" },
    Data { names: &["Library", "Containers", "com.apple.*"], what: "the container of an Apple application" },
    Data { names: &["Library", "Group Containers"], what: "the shared containers of applications" },
    Data { names: &["Application Support", "AddressBook"], what: "the store of Contacts" },
    Data { names: &["Application Support", "com.apple.*"], what: "the store of an Apple application" },
    Data { names: &["Application Support", "CallHistoryDB"], what: "the history of calls" },
    Data { names: &["com.apple.VoiceMemos*"], what: "the recordings of Voice Memos" },
    Data { names: &["com.apple.reminders*"], what: "the store of Reminders" },
    Data { names: &["*.abcddb"], what: "the store of Contacts" },
    Data { names: &["Calendar.sqlitedb*"], what: "the store of Calendar" },
    Data { names: &["Messages", "chat.db*"], what: "the store of Messages" },
    Data { names: &["Voice Memos"], what: "the recordings of Voice Memos" },
    Data { names: &["VoiceMemos"], what: "the recordings of Voice Memos" },
    Data { names: &["Reminders"], what: "the store of Reminders" },
    Data { names: &["chat.db*"], what: "the store of Messages" },
    Data { names: &["Envelope Index*"], what: "the store of Mail" },
    Data { names: &["AddressBook"], what: "the store of Contacts" },
    Data { names: &["Calendar Cache*"], what: "the store of Calendar" },
];
