//! Why something is allowed, or is not.

use std::{fmt, path::PathBuf};

use crate::{
    aspect::Aspect,
    denial::describe,
    dimension::Dimension,
    fields::Patterns,
    grant::Grant,
    packets::Packets,
    pattern::Pattern,
    plugin_policy::PluginPolicy,
    question::Question,
    quoted::{Printable, Quoted},
    range::Range,
    selection::{self, Selection},
    words::{ALL, kind_word},
    written::WrittenGrant,
};

/// What a policy says to a question, and why. It is for the operator: unlike a
/// [`Denial`](crate::Denial) it tells all that the policy holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What is asked: `link.create of bridge "cni0" in the host namespace`.
    pub question: String,
    /// The grants that allow it. None: it is denied.
    pub allowed_by: Vec<Source>,
    /// The other grants of the operation, and why they do not allow it.
    pub refused_by: Vec<Refusal>,
    /// What would allow exactly this, if it is denied.
    pub missing: Option<String>,
}

/// Where a grant is, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub file: PathBuf,
    /// The line of its header; the first is 1.
    pub line: usize,
    /// The grant as a TOML table in one line.
    pub grant: String,
}

/// A grant that does not allow what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub source: Source,
    /// One for each bound that does not hold it.
    pub reasons: Vec<Reason>,
}

/// A bound that does not hold what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The key of the bound.
    pub key: &'static str,
    /// Where it is written, if not in the grant itself.
    pub of_file: bool,
    /// What is granted, as TOML; without the key, what that means.
    pub granted: String,
    /// Whether the key is left out.
    pub implied: bool,
    /// What was asked for.
    pub asked: String,
}

impl PluginPolicy {
    /// Says which grants allow it, or for each grant of the operation which
    /// bound does not hold it.
    #[must_use]
    pub fn explain(&self, question: &Question<'_>, network: &str, tenant: Option<&str>) -> Explanation {
        let mut allowed_by = Vec::new();
        let mut refused_by = Vec::new();
        let of_operation = |grant: &&WrittenGrant| grant.grant.operations.contains(question.operation());
        for grant in self.grants().filter(of_operation) {
            let source = source(grant);
            let reasons = reasons(grant, question, network, tenant);
            if reasons.is_empty() {
                allowed_by.push(source);
            } else {
                refused_by.push(Refusal { source, reasons });
            }
        }
        let denial = self.for_attachment(network, tenant).decide(question).err();
        Explanation {
            question: format!("{} of {}", question.operation(), describe(question)),
            allowed_by,
            refused_by,
            missing: denial.map(|denial| denial.missing),
        }
    }
}

impl Explanation {
    /// Whether it is allowed.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        !self.allowed_by.is_empty()
    }
}

fn source(grant: &WrittenGrant) -> Source {
    Source {
        file: grant.origin.file.clone(),
        line: grant.line,
        grant: grant.grant.to_string(),
    }
}

fn reasons(grant: &WrittenGrant, question: &Question<'_>, network: &str, tenant: Option<&str>) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = [(&grant.origin.selection, true), (&grant.grant.selection, false)]
        .into_iter()
        .flat_map(|(selection, of_file)| not_selected(selection, of_file, network, tenant))
        .collect();
    let dimensions = question.operation().bounds().iter().map(|(dimension, _)| *dimension);
    let failing = dimensions.filter(|dimension| !grant.grant.holds(*dimension, question));
    reasons.extend(failing.map(|dimension| not_held(&grant.grant, dimension, question)));
    reasons
}

fn not_selected<'s>(
    selection: &'s Selection,
    of_file: bool,
    network: &'s str,
    tenant: Option<&'s str>,
) -> impl Iterator<Item = Reason> + use<'s> {
    let reason = move |key, patterns: &[Pattern], asked: String| Reason {
        key,
        of_file,
        granted: Patterns(patterns).to_string(),
        implied: false,
        asked,
    };
    let networks = selection.networks.as_deref();
    let networks = networks.filter(|networks| !selection::matches_any(networks, network));
    let tenants = selection.tenants.as_deref();
    let tenants = tenants.filter(|tenants| !tenant.is_some_and(|tenant| selection::matches_any(tenants, tenant)));
    let asked_tenant = tenant.map_or("an attachment without a tenant".to_owned(), |tenant| {
        Quoted(tenant).to_string()
    });
    let networks = networks.map(|all| reason(Selection::NETWORKS, all, Quoted(network).to_string()));
    let tenants = tenants.map(|all| reason(Selection::TENANTS, all, asked_tenant));
    networks.into_iter().chain(tenants)
}

fn not_held(grant: &Grant, dimension: Dimension, question: &Question<'_>) -> Reason {
    let written = grant.value(dimension);
    let implied = || grant.bound(dimension).map(ToString::to_string).unwrap_or_default();
    let asked = question.aspect(dimension).map(|asked| asked.in_words(dimension));
    Reason {
        key: dimension.key(),
        of_file: false,
        implied: written.is_none(),
        granted: written.unwrap_or_else(implied),
        asked: asked.unwrap_or_default(),
    }
}

impl Aspect<'_> {
    /// For people; as a policy would write it where it can.
    fn in_words(&self, dimension: Dimension) -> String {
        match *self {
            Self::Place(place) => format!("\"{place}\""),
            Self::Text(kind) if dimension == Dimension::Kinds => Quoted(kind_word(kind)).to_string(),
            Self::Text(text) | Self::Named(text) => Quoted(text).to_string(),
            Self::Whatever => "anything".to_owned(),
            Self::Prefix(prefix) => prefix.to_string(),
            Self::Address(address) => address.to_string(),
            Self::Number(number) => number.to_string(),
            Self::AnyNumber => "one that the kernel chooses".to_owned(),
            Self::Key(key) => Quoted(&key.join("/")).to_string(),
            Self::Packets(packets) => packets_in_words(dimension, packets),
            Self::Addresses(addresses) => joined(addresses),
            Self::Names(names) => joined(names.iter().map(|name| Quoted(name))),
            Self::Marks(marks) => joined(marks),
            Self::Ports(ports) | Self::ExchangePorts(ports) => joined(ports),
            Self::Vlans(vlans) => joined(vlans.iter().map(|(first, last)| Range {
                first: (*first).into(),
                last: (*last).into(),
            })),
            Self::Path(path) => Quoted(&path.to_string_lossy()).to_string(),
            Self::Origin(origin) => Quoted(&origin.to_string()).to_string(),
            Self::UrlPath(path) => Quoted(path).to_string(),
            Self::Hooks(hooks) => {
                let chains: Vec<String> = hooks
                    .iter()
                    .map(|(hook, priority)| format!("{hook} {priority}"))
                    .collect();
                chains.join(", ")
            }
        }
    }
}

/// What of them has to be granted in a dimension.
fn packets_in_words(dimension: Dimension, packets: &[Packets]) -> String {
    let in_dimension = packets.iter().filter(|packets| packets.dimension() == dimension);
    match dimension {
        Dimension::PacketPrefixes => joined(in_dimension.flat_map(|packets| &packets.prefixes)),
        Dimension::PacketLinks => joined(in_dimension.flat_map(|packets| &packets.links).map(|link| Quoted(link))),
        _ => Quoted(ALL).to_string(),
    }
}

fn joined<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(", ")
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.implied {
            write!(f, "without {} it is for {} only", self.key, self.granted)?;
        } else {
            write!(f, "{} = {}", self.key, self.granted)?;
        }
        if self.of_file {
            f.write_str(" of the file")?;
        }
        write!(f, ", not for {}", self.asked)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", Printable(self.file.display()), self.line, self.grant)
    }
}
