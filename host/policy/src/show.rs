//! A policy as it is understood, in its own format.

use std::{fmt::Write as _, path::Path};

use crate::{
    audit::Audit,
    parse::{AUDIT, COMPONENT, CORE_INSTANCES, RECORD, SIGNED_BY},
    pattern::Pattern,
    pin::Pin,
    plugin_policy::{Part, PluginPolicy},
    quoted::{Printable, Quoted, Whole},
    recording::Recording,
    selection::Selection,
    written::WrittenGrant,
};

impl PluginPolicy {
    /// What an attachment is granted, as one policy file for attachments of
    /// that network and tenant. Read again, it decides alike.
    #[must_use]
    pub fn show(&self, network: &str, tenant: Option<&str>) -> String {
        let whose = match tenant {
            Some(tenant) => format!("tenant {}", Quoted(tenant)),
            None => "attachments without a tenant".to_owned(),
        };
        let mut text = format!(
            "# What plugin {} may do on network {} for {whose}.\n",
            Quoted(&self.plugin),
            Quoted(network)
        );
        let covered = self
            .parts()
            .iter()
            .any(|part| part.origin.selection.covers(network, tenant));
        if !covered {
            text.push_str("# No file is for these, so it is nothing.\n");
        }
        self.put_head(&mut text, &only(network, tenant));
        for grant in self.grants().filter(|grant| grant.is_for(network, tenant)) {
            let _ = write!(text, "\n# {}\n", place(grant));
            self.put_grant(&mut text, grant, &Selection::default());
        }
        text
    }

    /// What each file says, by its path. Read again, they decide alike.
    #[must_use]
    pub fn show_files(&self) -> Vec<(&Path, String)> {
        let shown = |part: &Part| {
            let mut text = String::new();
            self.put_head(&mut text, &part.origin.selection);
            for grant in &part.grants {
                let _ = write!(text, "\n# line {}\n", grant.line);
                self.put_grant(&mut text, grant, &grant.grant.selection);
            }
            text
        };
        let file = |part| (part, shown(part));
        let files = self.parts().iter().map(file);
        files.map(|(part, text)| (part.origin.file.as_path(), text)).collect()
    }

    fn put_head(&self, text: &mut String, selection: &Selection) {
        let _ = writeln!(text, "[plugin.{}]", self.plugin);
        match self.pin() {
            Pin::Any => {}
            Pin::Digest(digest) => {
                let _ = writeln!(text, "{COMPONENT} = \"sha256:{digest}\"");
            }
            Pin::SignedBy { name, .. } => {
                let _ = writeln!(text, "{SIGNED_BY} = {}", Whole(name));
            }
        }
        if self.audit() != Audit::default() {
            let _ = writeln!(text, "{AUDIT} = {}", Whole(self.audit().word()));
        }
        if self.recording() != Recording::default() {
            let _ = writeln!(text, "{RECORD} = {}", Whole(self.recording().word()));
        }
        if let Some(count) = self.core_instances() {
            let _ = writeln!(text, "{CORE_INSTANCES} = {count}");
        }
        for (key, value) in selection.fields() {
            let _ = writeln!(text, "{key} = {value}");
        }
    }

    fn put_grant(&self, text: &mut String, grant: &WrittenGrant, selection: &Selection) {
        let _ = writeln!(text, "[[plugin.{}.grant]]", self.plugin);
        let mut grant = grant.grant.clone();
        grant.selection = selection.clone();
        for (key, value) in grant.fields() {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
}

/// The selection of one network and tenant. What can't be a name is left out.
fn only(network: &str, tenant: Option<&str>) -> Selection {
    let exactly = |name: &str| Pattern::escape(name).parse().ok().map(|pattern: Pattern| vec![pattern]);
    Selection {
        networks: exactly(network),
        tenants: tenant.and_then(exactly),
    }
}

/// In a comment, where a line break in a file's name would end it.
fn place(grant: &WrittenGrant) -> String {
    format!("{}:{}", Printable(grant.origin.file.display()), grant.line)
}
