use std::time::{Duration, UNIX_EPOCH};

use cofferdam_broker::collect::{Inhabited, NamespaceNow};
use cofferdam_journal::{AttachmentId, AttachmentSummary, HeldLocks, Holder, State};
use serde::Serialize;

/// Digits of a component's digest, for people.
const SHORT_DIGEST: usize = 12;

/// One attachment, as it is shown. The form of `--json` is documented in
/// docs/cofferctl.md.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct View {
    pub(crate) network: String,
    pub(crate) container: String,
    pub(crate) interface: String,
    pub(crate) unit: String,
    pub(crate) state: &'static str,
    pub(crate) earlier_boot: bool,
    /// RFC 3339, UTC.
    pub(crate) since: String,
    /// Operations that are in force.
    pub(crate) made: usize,
    pub(crate) namespace: Option<Namespace>,
    pub(crate) plugins: Vec<Plugin>,
    pub(crate) held_by: Option<Holding>,
    pub(crate) damaged_lines: usize,
    pub(crate) journal: String,
}

/// The container's namespace.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Namespace {
    path: String,
    now: &'static str,
    inode: u64,
    cookie: Option<u64>,
}

/// A plugin that made it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Plugin {
    name: String,
    component: Option<String>,
}

/// Who is at work on it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Holding {
    pid: Option<u32>,
    program: Option<String>,
    call: Option<String>,
    seconds: Option<u64>,
}

impl From<&Holder> for Holding {
    fn from(holder: &Holder) -> Self {
        Self {
            pid: holder.pid,
            program: holder.program.clone(),
            call: holder.attachment.clone(),
            seconds: holder.age.map(|age| age.as_secs()),
        }
    }
}

impl View {
    /// `None` for what can't be told whose it is.
    pub(crate) fn of(summary: &AttachmentSummary, locks: &HeldLocks, inhabited: &Inhabited) -> Option<Self> {
        let header = summary.header.as_ref()?;
        let history = summary.history.as_ref()?;
        let AttachmentId {
            network,
            container_id,
            interface_name,
            unit,
        } = header.attachment.clone();
        let namespace = header.namespace.as_ref().map(|record| Namespace {
            path: record.path.clone(),
            now: match NamespaceNow::of(record, inhabited) {
                _ if header.is_of_earlier_boot() => "gone",
                NamespaceNow::There => "there",
                NamespaceNow::Gone => "gone",
                NamespaceNow::Another => "another",
                NamespaceNow::Elsewhere => "elsewhere",
                NamespaceNow::Unknown => "unknown",
            },
            inode: record.identity.inode,
            cookie: record.cookie,
        });
        let plugin = |plugin: &cofferdam_journal::PluginRecord| Plugin {
            name: plugin.name.clone(),
            component: plugin.digest.as_deref().map(with_algorithm),
        };
        Some(Self {
            network,
            container: container_id,
            interface: interface_name,
            unit,
            state: state_name(history.state()),
            earlier_boot: header.is_of_earlier_boot(),
            since: time(header.started),
            made: history.pending().count(),
            namespace,
            plugins: header.plugins.iter().map(plugin).collect(),
            held_by: locks.holder(&summary.path).as_ref().map(Holding::from),
            damaged_lines: history.damaged_lines(),
            journal: summary.path.to_string_lossy().into_owned(),
        })
    }

    /// `NETWORK/CONTAINER/INTERFACE`
    pub(crate) fn label(&self) -> String {
        format!("{}/{}/{}", self.network, self.container, self.interface)
    }

    /// `NAME@DIGEST,…`, or the unit where no plugin is on record.
    pub(crate) fn plugins_text(&self) -> String {
        let plugins: Vec<String> = self.plugins.iter().map(Plugin::short).collect();
        if plugins.is_empty() {
            self.unit.clone()
        } else {
            plugins.join(",")
        }
    }

    /// How far it has come, and what is odd about it.
    pub(crate) fn state_text(&self) -> String {
        let mut text = self.state.to_owned();
        if self.earlier_boot {
            text.push_str(", of an earlier boot");
        }
        if let Some(holding) = &self.held_by {
            text.push_str(&holding.text());
        }
        match self.damaged_lines {
            0 => {}
            1 => text.push_str(", 1 line can't be read"),
            lines => text.push_str(&format!(", {lines} lines can't be read")),
        }
        text
    }

    /// The path, with what is to be known of it.
    pub(crate) fn namespace_text(&self) -> String {
        let Some(Namespace { path, now, .. }) = &self.namespace else {
            return "not on record".to_owned();
        };
        match *now {
            "there" => path.clone(),
            "gone" => format!("{path} (gone)"),
            "another" => format!("{path} (gone; something else is there)"),
            "elsewhere" => format!("{path} (not there, but a process is in it)"),
            _ => format!("{path} (can't be looked at)"),
        }
    }
}

impl Plugin {
    pub(crate) fn short(&self) -> String {
        let digest = self
            .component
            .as_deref()
            .map(|digest| digest.trim_start_matches("sha256:"));
        match digest.and_then(|digest| digest.get(..SHORT_DIGEST)) {
            Some(digest) => format!("{}@{digest}", self.name),
            None => self.name.clone(),
        }
    }

    pub(crate) fn long(&self) -> String {
        let component = self.component.as_deref().unwrap_or("component not on record");
        format!("{} {component}", self.name)
    }
}

impl Holding {
    fn text(&self) -> String {
        match self.pid {
            Some(pid) => format!(", held by process {pid}"),
            None => ", held by a process that can't be seen from here".to_owned(),
        }
    }
}

impl Namespace {
    pub(crate) fn inode(&self) -> u64 {
        self.inode
    }
}

fn with_algorithm(digest: &str) -> String {
    if digest.starts_with("sha256:") {
        digest.to_owned()
    } else {
        format!("sha256:{digest}")
    }
}

/// As `--json` and the list have it.
fn state_name(state: State) -> &'static str {
    match state {
        State::None => "none",
        State::Torn => "torn",
        State::Uncommitted => "uncommitted",
        State::Committed => "committed",
        State::RollingBack => "rolling-back",
    }
}

/// Milliseconds since 1970, for people. What is beyond the calendar is the
/// year 9999.
fn time(milliseconds: u64) -> String {
    const LAST: u64 = 253_402_300_799;
    let time = UNIX_EPOCH + Duration::from_secs((milliseconds / 1000).min(LAST));
    humantime::format_rfc3339_seconds(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_time_on_record_can_be_shown() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(u64::MAX), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn a_digest_is_shortened_only_where_it_is_one() {
        let short = |component: Option<&str>| {
            let component = component.map(str::to_owned);
            let name = "bridge".to_owned();
            Plugin { name, component }.short()
        };
        assert_eq!(short(Some("sha256:0d2c1ba2f6a4b1f0a4f3")), "bridge@0d2c1ba2f6a4");
        assert_eq!(short(Some("sha256:ab")), "bridge");
        assert_eq!(short(None), "bridge");
    }
}
