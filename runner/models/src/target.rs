//! Which entry of a manifest is meant for a machine. The format has device class, range of versions and locales, and says nothing about
//! their meaning; `docs/decisions/0010` has the rule that is written here.

use std::fmt;

use serde::Deserialize;

use crate::error::ModelError;
use crate::locale::{Locale, LocaleFit};
use crate::manifest::{Entry, Manifest, Part};
use crate::range::{Range, Version};

/// Kind of machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceClass {
    /// A portable computer.
    Laptop,
    /// A computer at a desk.
    Workstation,
    /// A kit for use outside.
    FieldKit,
    /// A computer without a seat before it.
    Server,
    /// All of them.
    Any,
}

impl DeviceClass {
    /// All that a machine can be.
    pub const MACHINES: [(&'static str, Self); 4] = [
        ("laptop", Self::Laptop),
        ("workstation", Self::Workstation),
        ("field-kit", Self::FieldKit),
        ("server", Self::Server),
    ];
}

/// For which machines an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Targeting {
    /// Kinds of machines.
    pub device_class: Vec<DeviceClass>,
    /// Versions of the system; none for all.
    #[serde(default)]
    pub os_version_range: Option<String>,
    /// Locales of the user; none for all.
    #[serde(default)]
    pub locale: Option<Vec<String>>,
}

/// A machine, as far as it is known. What is not known fits only an entry that does not ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// What kind of machine.
    pub device: Option<DeviceClass>,
    /// Version of its system.
    pub os_version: Option<Version>,
    /// The user's locale.
    pub locale: Option<Locale>,
}

/// How well an entry fits: of two, the greater one is chosen. Members are compared in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fit {
    /// The kind of machine is named, and not `any`.
    pub device_named: bool,
    /// The entry has a range of versions.
    pub range_given: bool,
    /// How near the locale is.
    pub locale: LocaleFit,
}

/// Why an entry is not for a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit(String);

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Targeting {
    /// How well it fits.
    ///
    /// # Errors
    /// Why it does not.
    pub fn fit(&self, target: &Target) -> Result<Fit, Misfit> {
        Ok(Fit {
            device_named: self.fit_device(target)?,
            range_given: self.fit_range(target)?,
            locale: self.fit_locale(target)?,
        })
    }

    fn fit_device(&self, target: &Target) -> Result<bool, Misfit> {
        let named = target.device.is_some_and(|device| self.device_class.contains(&device));
        if named || self.device_class.contains(&DeviceClass::Any) {
            return Ok(named);
        }
        let machine = target.device.map_or("not known".to_owned(), |device| format!("{device:?}"));
        Err(Misfit(format!("it is for {:?}; the kind of this machine is {machine}", self.device_class)))
    }

    fn fit_range(&self, target: &Target) -> Result<bool, Misfit> {
        let Some(text) = self.os_version_range.as_deref().filter(|text| *text != "any") else {
            return Ok(false);
        };
        let range: Range = text.parse().map_err(|error| Misfit(format!("osVersionRange: {error}")))?;
        match &target.os_version {
            Some(version) if range.contains(version) => Ok(true),
            Some(version) => Err(Misfit(format!("it is for version {text}; the system has {version}"))),
            None => Err(Misfit(format!("it is for version {text}; that of the system is not known"))),
        }
    }

    fn fit_locale(&self, target: &Target) -> Result<LocaleFit, Misfit> {
        let Some(locales) = &self.locale else { return Ok(LocaleFit::All) };
        let near = locales.iter().filter_map(|written| match (written.as_str(), &target.locale) {
            ("any", _) => Some(LocaleFit::All),
            (written, Some(locale)) => locale.fit(written),
            (_, None) => None,
        });
        near.max().ok_or_else(|| {
            let user = target.locale.as_ref().map_or("not known".to_owned(), ToString::to_string);
            Misfit(format!("it is for {}; the locale of the user is {user}", locales.join(", ")))
        })
    }
}

/// Entries of one model of which one is to be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved<'m> {
    /// The entry that is meant for the machine.
    pub chosen: &'m Entry,
    /// How well it fits.
    pub fit: Fit,
    /// The others, and why not.
    pub passed_over: Vec<(&'m Entry, String)>,
}

impl Manifest {
    /// The entry of a model that is meant for a machine. Entries with the same `modelRef` are alternatives; the one that fits best is
    /// chosen.
    ///
    /// # Errors
    /// `MODEL_TARGET_NONE` when none fits, `MODEL_TARGET_TIE` when two fit equally well.
    pub fn resolve(&self, model: &str, target: &Target) -> Result<Resolved<'_>, ModelError> {
        let mut fitting: Vec<(&Entry, Fit)> = Vec::new();
        let mut passed_over = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.model == model) {
            match entry.targeting.fit(target) {
                Ok(fit) => fitting.push((entry, fit)),
                Err(misfit) => passed_over.push((entry, misfit.to_string())),
            }
        }
        let Some(best) = fitting.iter().map(|(_, fit)| *fit).max() else {
            let why: Vec<_> = passed_over.iter().map(|(entry, why)| format!("{}: {why}", entry.id)).collect();
            let what = if why.is_empty() { "no entry has this modelRef".to_owned() } else { why.join("; ") };
            return Err(ModelError::NoTarget(format!("{model}: {what}")));
        };
        let (chosen, others): (Vec<_>, Vec<_>) = fitting.into_iter().partition(|(_, fit)| *fit == best);
        if let [(one, _), (other, _), ..] = chosen[..] {
            let what = format!("{model}: {} and {} fit equally well", one.id, other.id);
            return Err(ModelError::TargetTie(what));
        }
        passed_over
            .extend(others.into_iter().map(|(entry, _)| (entry, "another entry fits better".to_owned())));
        Ok(Resolved { chosen: chosen[0].0, fit: best, passed_over })
    }

    /// Every `modelRef` of the manifest, bases first, in the order written.
    #[must_use]
    pub fn models(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for is_base in [true, false] {
            for entry in self.entries.iter().filter(|entry| matches!(entry.part, Part::Base) == is_base) {
                if !found.contains(&entry.model.as_str()) {
                    found.push(&entry.model);
                }
            }
        }
        found
    }
}
