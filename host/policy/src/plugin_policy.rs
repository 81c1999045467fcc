use std::{path::PathBuf, sync::Arc};

use crate::{
    error::{PolicyError, Problem},
    grants::Grants,
    parse::{self, Section},
    written::{Origin, WrittenGrant},
};

/// What the operator says about one plugin.
#[derive(Clone, Debug)]
pub struct PluginPolicy {
    plugin: Arc<str>,
    component: Option<String>,
    parts: Vec<Part>,
}

/// What one file says. Its grants are for what it selects only.
#[derive(Clone, Debug)]
struct Part {
    origin: Arc<Origin>,
    grants: Vec<Arc<WrittenGrant>>,
}

impl PluginPolicy {
    /// Reads the texts of a plugin's files, which the caller vouches for.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] with every problem of every file.
    pub fn parse(plugin: &str, files: &[(PathBuf, String)]) -> Result<Self, PolicyError> {
        let mut policy = Self {
            plugin: plugin.into(),
            component: None,
            parts: Vec::with_capacity(files.len()),
        };
        let mut problems = Vec::new();
        for (path, text) in files {
            match parse::document(plugin, path, text) {
                Ok(section) => problems.extend(policy.add(path.clone(), section)),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            Ok(policy)
        } else {
            Err(PolicyError::Invalid(problems))
        }
    }

    /// The SHA-256 digest, in hexadecimal, that the plugin's component has to
    /// have. Absent: any component that the operator installed will do.
    #[must_use]
    pub fn component(&self) -> Option<&str> {
        self.component.as_deref()
    }

    /// What is granted to an attachment: nothing, when the policy is for
    /// others. `tenant` is what [`tenant`](crate::tenant) reads from
    /// `CNI_ARGS`.
    #[must_use]
    pub fn for_attachment(&self, network: &str, tenant: Option<&str>) -> Grants {
        let mut covered = false;
        let mut grants = Vec::new();
        for part in self
            .parts
            .iter()
            .filter(|part| part.origin.selection.covers(network, tenant))
        {
            covered = true;
            let selected = part.grants.iter().filter(|grant| grant.is_for(network, tenant));
            grants.extend(selected.cloned());
        }
        Grants::new(Arc::clone(&self.plugin), network, tenant, covered, grants)
    }

    fn add(&mut self, file: PathBuf, section: Section) -> Option<Problem> {
        let origin = Arc::new(Origin {
            file: file.clone(),
            selection: section.selection,
        });
        let written = |(grant, line)| {
            let origin = Arc::clone(&origin);
            Arc::new(WrittenGrant { grant, origin, line })
        };
        self.parts.push(Part {
            grants: section.grants.into_iter().map(written).collect(),
            origin: Arc::clone(&origin),
        });
        let pin = section.component?;
        match &self.component {
            Some(other) if *other != pin.digest => Some(Problem {
                file,
                line: pin.line,
                field: format!("plugin.{}.component", self.plugin),
                problem: format!("another file pins the component to sha256:{other}"),
                suggestion: Some("write it in one file only; it holds for all of them".to_owned()),
            }),
            _ => {
                self.component = Some(pin.digest);
                None
            }
        }
    }
}
