use std::{path::PathBuf, sync::Arc};

use crate::{
    audit::Audit,
    denial::Denial,
    error::{PolicyError, Problem},
    granted::Granted,
    grants::Grants,
    needs::{Needs, Unmet},
    parse::{self, PinLine, PinWords, Section},
    pin::Pin,
    question::Question,
    recording::Recording,
    selection::Selection,
    written::{Origin, WrittenGrant},
};

/// What the operator says about one plugin.
#[derive(Clone, Debug)]
pub struct PluginPolicy {
    pub(crate) plugin: Arc<str>,
    pin: Pin,
    audit: Audit,
    recording: Recording,
    core_instances: Option<u32>,
    parts: Vec<Part>,
}

/// What one file says. Its grants are for what it selects only.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) origin: Arc<Origin>,
    pub(crate) grants: Vec<Arc<WrittenGrant>>,
}

/// For [`PluginPolicy::parse`] where no key is at hand.
pub const NO_KEYS: fn(&str) -> Result<Option<[u8; 32]>, PolicyError> = |_| Ok(None);

impl PluginPolicy {
    /// Reads the texts of a plugin's files, which the caller vouches for.
    /// `key` finds the public key of a name that `signed-by` gives.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] with every problem of every file, or what
    /// `key` says.
    pub fn parse(
        plugin: &str,
        files: &[(PathBuf, String)],
        key: impl FnOnce(&str) -> Result<Option<[u8; 32]>, PolicyError>,
    ) -> Result<Self, PolicyError> {
        let mut draft = Draft::new(plugin);
        for (path, text) in files {
            draft.add(path.clone(), text);
        }
        draft.finish(key)
    }

    /// Which component may act under this policy.
    #[must_use]
    pub fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Which operations go to the audit log.
    #[must_use]
    pub fn audit(&self) -> Audit {
        self.audit
    }

    /// Which calls are kept, to be run again.
    #[must_use]
    pub fn recording(&self) -> Recording {
        self.recording
    }

    /// Core instances that the component may be made of, where that differs
    /// from what every component may.
    #[must_use]
    pub fn core_instances(&self) -> Option<u32> {
        self.core_instances
    }

    /// Whether it grants other things on one network than on another.
    #[must_use]
    pub fn selects_networks(&self) -> bool {
        self.parts.iter().any(|part| part.origin.selection.networks.is_some())
            || self.grants().any(|grant| grant.grant.selection.networks.is_some())
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// All grants of all files, for whomever they are.
    pub(crate) fn grants(&self) -> impl Iterator<Item = &WrittenGrant> {
        let grants = self.parts.iter().flat_map(|part| &part.grants);
        grants.map(AsRef::as_ref)
    }

    /// What is granted to an attachment: nothing, when the policy is for
    /// others. `tenant` is what [`tenant`](crate::tenant) reads from
    /// `CNI_ARGS`.
    #[must_use]
    pub fn for_attachment(&self, network: &str, tenant: Option<&str>) -> Grants {
        self.select(network, tenant, |selection| selection.covers(network, tenant))
    }

    /// [`Grants::satisfy`] for a network as a whole: what is granted to any of
    /// its tenants counts.
    ///
    /// # Errors
    /// What no attachment of the network could do.
    pub fn satisfy_on_network(&self, network: &str, needs: &Needs) -> Result<(), Unmet> {
        let grants = self.select(network, None, |selection| selection.covers_network(network));
        grants.satisfy(needs)
    }

    /// [`Grants::decide`] for a network as a whole: what is granted to any of
    /// its tenants counts.
    ///
    /// # Errors
    /// It is granted to no attachment of the network.
    pub fn decide_on_network(&self, network: &str, question: &Question<'_>) -> Result<Granted, Denial> {
        let grants = self.select(network, None, |selection| selection.covers_network(network));
        grants.decide(question)
    }

    fn select(&self, network: &str, tenant: Option<&str>, is_for: impl Fn(&Selection) -> bool) -> Grants {
        let mut covered = false;
        let mut grants = Vec::new();
        for part in self.parts.iter().filter(|part| is_for(&part.origin.selection)) {
            covered = true;
            grants.extend(
                part.grants
                    .iter()
                    .filter(|grant| is_for(&grant.grant.selection))
                    .cloned(),
            );
        }
        Grants::new(Arc::clone(&self.plugin), network, tenant, covered, grants)
    }
}

/// A policy in the making: files one after the other, and the problems found
/// in them.
pub(crate) struct Draft {
    policy: PluginPolicy,
    pin: Option<(PathBuf, PinLine)>,
    problems: Vec<Problem>,
}

impl Draft {
    pub(crate) fn new(plugin: &str) -> Self {
        Self {
            policy: PluginPolicy {
                plugin: plugin.into(),
                pin: Pin::Any,
                audit: Audit::default(),
                recording: Recording::default(),
                core_instances: None,
                parts: Vec::new(),
            },
            pin: None,
            problems: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, file: PathBuf, text: &str) {
        match parse::document(&self.policy.plugin, &file, text) {
            Ok(section) => self.add_section(file, section),
            Err(problems) => self.problems.extend(problems),
        }
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.policy.parts
    }

    /// The key that the component has to be signed with, if the files say so.
    pub(crate) fn key_name(&self) -> Option<&str> {
        match &self.pin.as_ref()?.1.words {
            PinWords::SignedBy(name) => Some(name),
            PinWords::Digest(_) => None,
        }
    }

    pub(crate) fn finish(
        mut self,
        key: impl FnOnce(&str) -> Result<Option<[u8; 32]>, PolicyError>,
    ) -> Result<PluginPolicy, PolicyError> {
        if self.problems.is_empty()
            && let Some((file, pin)) = self.pin.take()
        {
            match pin.words {
                PinWords::Digest(digest) => self.policy.pin = Pin::Digest(digest),
                PinWords::SignedBy(name) => match key(&name)? {
                    Some(key) => self.policy.pin = Pin::SignedBy { name, key },
                    None => self
                        .problems
                        .push(missing_key(&self.policy.plugin, file, pin.line, &name)),
                },
            }
        }
        if self.problems.is_empty() {
            Ok(self.policy)
        } else {
            Err(PolicyError::Invalid(self.problems))
        }
    }

    fn add_section(&mut self, file: PathBuf, section: Section) {
        if let Some(pin) = section.pin {
            self.add_pin(&file, pin);
        }
        self.policy.audit = self.policy.audit.max(section.audit);
        self.policy.recording = self.policy.recording.max(section.recording);
        self.policy.core_instances = self.policy.core_instances.max(section.core_instances);
        let origin = Arc::new(Origin {
            file,
            selection: section.selection,
            line: section.line,
        });
        let written = |(grant, line)| {
            let origin = Arc::clone(&origin);
            Arc::new(WrittenGrant { grant, origin, line })
        };
        let grants = section.grants.into_iter().map(written).collect();
        self.policy.parts.push(Part { origin, grants });
    }

    /// A pin is for the plugin as a whole, whichever file has it.
    fn add_pin(&mut self, file: &std::path::Path, pin: PinLine) {
        match &self.pin {
            None => self.pin = Some((file.to_owned(), pin)),
            Some((_, other)) if other.words == pin.words => {}
            Some((other_file, other)) => self.problems.push(Problem {
                file: file.to_owned(),
                line: Some(pin.line),
                field: format!("plugin.{}.{}", self.policy.plugin, pin.words.key()),
                problem: format!("{}:{} has {}", other_file.display(), other.line, other.words),
                suggestion: Some("write it in one file only; it holds for all of them".to_owned()),
            }),
        }
    }
}

fn missing_key(plugin: &str, file: PathBuf, line: usize, name: &str) -> Problem {
    let path = crate::keys::path(file.parent().unwrap_or(&file), name);
    Problem {
        line: Some(line),
        field: format!("plugin.{plugin}.{}", parse::SIGNED_BY),
        problem: format!("there is no key {name:?}"),
        suggestion: Some(format!("its public half belongs into {}", path.display())),
        file,
    }
}
