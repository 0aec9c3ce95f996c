//! Finding executable files by asking the file system about them. Nothing is started, and nothing is opened.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde::Deserialize;

use crate::backend::{BACKENDS, Backend, Serves};
use crate::format::{Format, names};

/// The `PATH` of a process that was given none.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Where Flatpak and Snap put the programs that they installed.
const EXPORTS: &[&str] = &["/var/lib/flatpak/exports/bin", "/snap/bin"];

/// So many folders of a search path are looked at.
const MAX_FOLDERS: usize = 256;

/// Where to look for programs, as arguments say it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Where {
    search_path: Option<String>,
    home: Option<String>,
    #[serde(default)]
    search_path_only: bool,
}

/// The back ends that were found.
pub(crate) struct Found {
    /// Folders in which was looked, in order.
    pub(crate) searched: Vec<String>,
    /// Elements of the search path that are no absolute paths, or too many.
    pub(crate) ignored: Vec<String>,
    paths: BTreeMap<&'static str, String>,
}

impl Where {
    /// The user's home folder.
    pub(crate) fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    pub(crate) fn look(&self) -> Found {
        let (mut searched, mut ignored) = (Vec::<String>::new(), Vec::new());
        for folder in self.search_path.as_deref().unwrap_or(USUAL_PATH).split(':') {
            if searched.iter().any(|known| known == folder) {
                continue;
            }
            match folder.starts_with('/') && searched.len() < MAX_FOLDERS {
                true => searched.push(folder.to_owned()),
                false => ignored.push(folder.to_owned()),
            }
        }
        if !self.search_path_only {
            let of_home = self.home.iter().filter(|home| home.starts_with('/'));
            let exports = of_home.map(|home| format!("{home}/.local/share/flatpak/exports/bin"));
            for folder in exports.chain(EXPORTS.iter().map(|folder| (*folder).to_owned())) {
                if !searched.contains(&folder) {
                    searched.push(folder);
                }
            }
        }
        let places = !self.search_path_only;
        let paths = BACKENDS
            .iter()
            .filter_map(|backend| Some((backend.name, find(backend, &searched, places)?)))
            .collect();
        Found { searched, ignored, paths }
    }
}

fn find(backend: &Backend, folders: &[String], places: bool) -> Option<String> {
    let on_path = folders.iter().flat_map(|folder| {
        backend.programs.iter().map(move |program| format!("{}/{program}", folder.trim_end_matches('/')))
    });
    let elsewhere = backend.places.iter().filter(|_| places).map(|place| (*place).to_owned());
    on_path.chain(elsewhere).find(|path| is_executable(Path::new(path)))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

impl Found {
    pub(crate) fn path(&self, backend: &Backend) -> Option<&str> {
        self.paths.get(backend.name).map(String::as_str)
    }

    /// Found, and what it needs too.
    pub(crate) fn usable(&self, backend: &Backend) -> bool {
        self.paths.contains_key(backend.name)
            && backend.needs.is_none_or(|needed| self.paths.contains_key(needed))
    }

    /// The first back end that leads from `from` to `to`.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) fn choose(
        &self,
        serves: Serves,
        from: &[Format],
        to: Format,
    ) -> Result<(&'static Backend, &str), String> {
        let fitting: Vec<&Backend> =
            BACKENDS.iter().filter(|backend| backend.leads(serves, from, to)).collect();
        if let Some(backend) = fitting.iter().find(|backend| self.usable(backend)) {
            return Ok((backend, self.path(backend).expect("a usable back end was found")));
        }
        let task = match from {
            [] => format!("makes {to}"),
            from => format!("makes {to} from {}", names(from)),
        };
        if fitting.is_empty() {
            return Err(format!("no back end that is known {task}"));
        }
        let wanted: Vec<&str> = fitting.iter().map(|backend| backend.name).collect();
        Err(format!("no back end that {task} was found; one of {} would do", wanted.join(", ")))
    }
}
