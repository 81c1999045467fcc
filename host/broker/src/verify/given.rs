use std::net::IpAddr;

use cofferdam_protocol::{Argument, IpPrefix, PluginConfig, json::Node};

use crate::{answered::Answered, exchanges::Received};

/// What a plugin was given to say: its configuration, `CNI_ARGS`, the resolver
/// configurations that it read, the datagrams that came, and what services answered.
pub(crate) struct Given<'a> {
    config: &'a PluginConfig,
    arguments: Vec<Argument>,
    read: &'a [String],
    received: Option<&'a Received>,
    answered: Option<&'a Answered>,
}

impl<'a> Given<'a> {
    /// `arguments` is `CNI_ARGS`, `read` the texts of files.
    pub(crate) fn new(config: &'a PluginConfig, arguments: Vec<Argument>, read: &'a [String]) -> Self {
        Self {
            config,
            arguments,
            read,
            received: None,
            answered: None,
        }
    }

    /// With the datagrams that came.
    pub(crate) fn and_received(self, received: &'a Received) -> Self {
        Self {
            received: Some(received),
            ..self
        }
    }

    /// With what services answered.
    pub(crate) fn and_answered(self, answered: &'a Answered) -> Self {
        Self {
            answered: Some(answered),
            ..self
        }
    }

    /// Whether an address stands somewhere in it, with a prefix length or
    /// without.
    pub(super) fn names_address(&self, address: IpAddr) -> bool {
        self.any_word(&|word| is_address(word, address))
            || self.came(|received| received.has_address(address))
            || self.was_answered(address)
    }

    /// Whether a word stands somewhere in it.
    pub(super) fn has_word(&self, wanted: &str) -> bool {
        self.any_word(&|word| word == wanted)
            || self.came(|received| received.has_word(wanted))
            || self.answered.is_some_and(|answered| answered.has_word(wanted))
    }

    /// Whether a service answered with an address.
    pub(super) fn was_answered(&self, address: IpAddr) -> bool {
        self.answered.is_some_and(|answered| answered.has_address(address))
    }

    fn came(&self, is_it: impl Fn(&Received) -> bool) -> bool {
        self.received.is_some_and(is_it)
    }

    /// Whether the caller asks for this very address, where the conventions
    /// have it: `ipam.addresses`, `ips` of `runtimeConfig` and of `args.cni`,
    /// `IP` of `CNI_ARGS`.
    pub(super) fn asks_for(&self, address: IpAddr) -> bool {
        let tree = self.config.tree();
        let lists = [
            &["ipam", "addresses"][..],
            &["runtimeConfig", "ips"],
            &["args", "cni", "ips"],
        ];
        let in_config = lists
            .iter()
            .filter_map(|path| at(tree, path))
            .any(|list| any_word(list, &|word| is_address(word, address)));
        let asked = self.arguments.iter().filter(|argument| argument.key == "IP");
        in_config
            || asked
                .filter_map(|argument| argument.value.as_deref())
                .any(|text| words(text).any(|word| is_address(word, address)))
    }

    fn any_word(&self, is_it: &dyn Fn(&str) -> bool) -> bool {
        // What was given to pass on says what others did, not what to say.
        let members = self
            .config
            .tree()
            .entries()
            .iter()
            .filter(|(key, _)| !key.eq_ignore_ascii_case("prevResult"));
        let arguments = self.arguments.iter().filter_map(|argument| argument.value.as_deref());
        members.into_iter().any(|(_, value)| any_word(value, is_it))
            || arguments
                .chain(self.read.iter().map(String::as_str))
                .any(|text| words(text).any(is_it))
    }
}

fn at<'n>(tree: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(tree, |node, key| node.get(key))
}

fn any_word(node: &Node, is_it: &dyn Fn(&str) -> bool) -> bool {
    match node {
        Node::String(text) => is_it(text) || words(text).any(is_it),
        Node::Array(elements) => elements.iter().any(|element| any_word(element, is_it)),
        Node::Object(entries) => entries.iter().any(|(_, value)| any_word(value, is_it)),
        Node::Null | Node::Bool(_) | Node::Number(_) => false,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|symbol: char| symbol.is_whitespace() || symbol == ',')
}

fn is_address(word: &str, address: IpAddr) -> bool {
    word.parse::<IpAddr>() == Ok(address) || word.parse::<IpPrefix>().is_ok_and(|prefix| prefix.address() == address)
}
