use std::{net::IpAddr, str::FromStr};

use cofferdam_protocol::{IpPrefix, Place, Url, UrlProblem};

use super::AskError;
use crate::{
    dimension::{Dimension, Form, Required},
    mark::Mark,
    operation::Operation,
    packets::Packets,
    quoted::Quoted,
    suggestion::closest_or_all,
    words::ALL,
};

/// The words of one question, by what they are about.
pub(super) struct Words {
    operation: Operation,
    words: Vec<(Dimension, String)>,
}

/// The word for a dimension, and an example of it. `None` where a question
/// says nothing, or says it with another.
fn word(operation: Operation, dimension: Dimension) -> Option<(&'static str, &'static str)> {
    let is_neighbor = operation.subject() == "neighbor";
    let word = match dimension {
        Dimension::Place => ("in", "in=host"),
        Dimension::Kinds => ("kind", "kind=bridge"),
        Dimension::LinkNames => ("name", "name=cni0"),
        Dimension::Settings => ("setting", "setting=up"),
        Dimension::Parents => ("parent", "parent=eth1"),
        Dimension::Modes => ("mode", "mode=bridge"),
        Dimension::Vlans => ("vlan", "vlan=100"),
        Dimension::Vnis => ("vni", "vni=42"),
        Dimension::Peers => ("peer", "peer=192.0.2.7"),
        Dimension::Prefixes if is_neighbor => ("address", "address=10.22.0.5"),
        Dimension::Prefixes => ("address", "address=10.22.0.5/16"),
        Dimension::Destinations => ("destination", "destination=10.0.0.0/8"),
        Dimension::RoutingTables => ("table", "table=254"),
        Dimension::RulePriorities => ("priority", "priority=1000"),
        Dimension::Keys => ("key", "key=net/ipv4/ip_forward"),
        Dimension::Values => ("value", "value=1"),
        Dimension::Family => ("family", "family=inet"),
        Dimension::TableNames => ("table", "table=cofferdam_masquerade"),
        Dimension::Hooks => ("hook", "hook=postrouting:100"),
        Dimension::Sets => ("set", "set=sources4"),
        Dimension::Chains => ("chain", "chain=CNI-ADMIN"),
        Dimension::Zones => ("zone", "zone=trusted"),
        Dimension::PacketScope => ("scope", "scope=all"),
        Dimension::PacketPrefixes if operation == Operation::NftablesTable => ("prefix", "prefix=10.22.0.0/16"),
        Dimension::PacketPrefixes => ("address", "address=10.22.0.5"),
        Dimension::PacketLinks => ("name", "name=cni0"),
        Dimension::Marks => ("mark", "mark=0x2000/0x2000"),
        Dimension::Ports => ("port", "port=8080"),
        Dimension::ExchangePorts => ("port", "port=67"),
        Dimension::Locations => ("location", "location=/var/lib/cni/networks"),
        Dimension::Files => ("file", "file=/etc/resolv.conf"),
        Dimension::Plugins => ("plugin", "plugin=host-local"),
        // A URL says both.
        Dimension::Origins => ("url", "url=https://ipam.example:8443/v1/addresses"),
        Dimension::Methods => ("method", "method=POST"),
        Dimension::HookPriorities
        | Dimension::UrlPaths
        | Dimension::Credential
        | Dimension::Authority
        | Dimension::Max
        | Dimension::MaxPerNetwork
        | Dimension::MaxPerTenant => return None,
    };
    Some(word)
}

/// A table can have several base chains and rules, and elements many parts.
fn may_repeat(dimension: Dimension) -> bool {
    matches!(
        dimension,
        Dimension::Hooks
            | Dimension::PacketPrefixes
            | Dimension::PacketLinks
            | Dimension::Peers
            | Dimension::Marks
            | Dimension::Ports
            | Dimension::ExchangePorts
    )
}

fn dimensions(operation: Operation) -> impl Iterator<Item = (Dimension, &'static str, &'static str)> {
    let bounds = operation.bounds().iter();
    bounds
        .filter_map(move |(dimension, _)| word(operation, *dimension).map(|(key, example)| (*dimension, key, example)))
}

impl Words {
    pub(super) fn read<'w>(operation: Operation, texts: impl IntoIterator<Item = &'w str>) -> Result<Self, AskError> {
        let mut words: Vec<(Dimension, String)> = Vec::new();
        for text in texts {
            let (key, value) = match text.split_once('=') {
                Some(pair) => pair,
                None if matches!(text, "host" | "container") => (Dimension::Place.key(), text),
                None => return Err(not_a_pair(operation, text)),
            };
            let known = dimensions(operation).find(|(_, known, _)| *known == key);
            let (dimension, key, _) = known.ok_or_else(|| unknown(operation, key))?;
            if !may_repeat(dimension) && words.iter().any(|(known, _)| *known == dimension) {
                return Err(AskError::Twice { key });
            }
            words.push((dimension, value.to_owned()));
        }
        Ok(Self { operation, words })
    }

    /// The value for a dimension, if it is there.
    pub(super) fn optional(&mut self, dimension: Dimension) -> Result<Option<String>, AskError> {
        let position = self.words.iter().position(|(known, _)| *known == dimension);
        let Some(value) = position.map(|position| self.words.remove(position).1) else {
            return Ok(None);
        };
        if let Form::Word(known) | Form::Words(known) = dimension.form()
            && dimension != Dimension::Hooks
            && !known.contains(&value.as_str())
        {
            let expected = closest_or_all(&value, known);
            return Err(self.invalid(dimension, &value, &expected));
        }
        Ok(Some(value))
    }

    /// The same, which has to be there if the operation has the dimension.
    pub(super) fn required(&mut self, dimension: Dimension) -> Result<Option<String>, AskError> {
        let value = self.optional(dimension)?;
        let known = dimensions(self.operation).find(|(known, _, _)| *known == dimension);
        match (value, known) {
            (None, Some((_, key, example))) => Err(AskError::Missing {
                operation: self.operation,
                key,
                example,
            }),
            (value, _) => Ok(value),
        }
    }

    /// The value for the one of these dimensions that the operation has.
    pub(super) fn first_of(&mut self, dimensions: &[Dimension]) -> Result<String, AskError> {
        for dimension in dimensions {
            if let Some(value) = self.required(*dimension)? {
                return Ok(value);
            }
        }
        Ok(String::new())
    }

    pub(super) fn place(&mut self) -> Result<Place, AskError> {
        Ok(match self.required(Dimension::Place)?.as_deref() {
            Some("container") => Place::Container,
            _ => Place::Host,
        })
    }

    /// An address, with the length of its network or without, or a
    /// destination.
    pub(super) fn prefix(&mut self) -> Result<Option<IpPrefix>, AskError> {
        for dimension in [Dimension::Prefixes, Dimension::Destinations] {
            let Some(value) = self.required(dimension)? else {
                continue;
            };
            let is_neighbor = self.operation.subject() == "neighbor";
            let read = if is_neighbor {
                value.parse().map(IpPrefix::host).ok()
            } else {
                value.parse().ok()
            };
            let expected = if is_neighbor {
                "it has to be an address"
            } else {
                "it has to be in CIDR notation"
            };
            return match read {
                Some(prefix) => Ok(Some(prefix)),
                None => Err(self.invalid(dimension, &value, expected)),
            };
        }
        Ok(None)
    }

    pub(super) fn number(&mut self, dimension: Dimension) -> Result<Option<u32>, AskError> {
        let has_to_be = self.operation.bounds().contains(&(dimension, Required::Always));
        let value = if has_to_be {
            self.required(dimension)?
        } else {
            self.optional(dimension)?
        };
        let Some(value) = value else {
            return Ok(None);
        };
        let Form::Ranges(whole) = dimension.form() else {
            return Ok(None);
        };
        let number = u32::from_str(&value)
            .ok()
            .filter(|number| whole.contains((*number).into()));
        let expected = format!("it has to be a whole number from {} to {}", whole.first, whole.last);
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(self.invalid(dimension, &value, &expected)),
        }
    }

    /// The parts of a sysctl key.
    pub(super) fn key(&mut self) -> Result<Vec<String>, AskError> {
        let Some(value) = self.required(Dimension::Keys)? else {
            return Ok(Vec::new());
        };
        let parts: Vec<String> = value.split('/').map(str::to_owned).collect();
        if parts.len() < 2 || parts.iter().any(String::is_empty) {
            return Err(self.invalid(Dimension::Keys, &value, "its parts are separated by slashes"));
        }
        Ok(parts)
    }

    /// Where a request goes; anywhere for what is none.
    pub(super) fn url(&mut self) -> Result<Url, AskError> {
        let value = self.required(Dimension::Origins)?;
        let value = value.unwrap_or_else(|| "http://localhost/".to_owned());
        value
            .parse()
            .map_err(|problem: UrlProblem| self.invalid(Dimension::Origins, &value, &problem.to_string()))
    }

    /// Base chains.
    pub(super) fn hooks(&mut self) -> Result<Vec<(String, i32)>, AskError> {
        let mut hooks = Vec::new();
        while let Some(value) = self.optional(Dimension::Hooks)? {
            let Form::Words(known) = Dimension::Hooks.form() else {
                break;
            };
            let (hook, priority) = value.split_once(':').unwrap_or((&value, ""));
            if !known.contains(&hook) {
                return Err(self.invalid(Dimension::Hooks, &value, &closest_or_all(hook, known)));
            }
            let Ok(priority) = priority.parse() else {
                let expected = "a base chain has a hook and a whole number, its priority";
                return Err(self.invalid(Dimension::Hooks, &value, expected));
            };
            hooks.push((hook.to_owned(), priority));
        }
        Ok(hooks)
    }

    /// The packets of others that a table's rules decide on.
    pub(super) fn packets(&mut self) -> Result<Vec<Packets>, AskError> {
        let mut packets = Vec::new();
        if self.optional(Dimension::PacketScope)?.as_deref() == Some(ALL) {
            packets.push(Packets::default());
        }
        for prefix in self.each(Dimension::PacketPrefixes, "it has to be in CIDR notation")? {
            packets.push(Packets {
                prefixes: vec![prefix],
                ..Packets::default()
            });
        }
        for link in self.links()? {
            packets.push(Packets {
                links: vec![link],
                ..Packets::default()
            });
        }
        Ok(packets)
    }

    /// Addresses of elements.
    pub(super) fn addresses(&mut self) -> Result<Vec<IpAddr>, AskError> {
        self.each(Dimension::PacketPrefixes, "it has to be an address")
    }

    /// Nodes that a VXLAN sends to.
    pub(super) fn peers(&mut self) -> Result<Vec<IpAddr>, AskError> {
        self.each(Dimension::Peers, "it has to be an address")
    }

    /// Links of rules or elements.
    pub(super) fn links(&mut self) -> Result<Vec<String>, AskError> {
        self.each(Dimension::PacketLinks, "it has to be a name")
    }

    /// Marks that rules set.
    pub(super) fn marks(&mut self) -> Result<Vec<Mark>, AskError> {
        self.each(Dimension::Marks, "it has to be VALUE/MASK, or VALUE for the whole mark")
    }

    /// Ports of elements, or of datagrams, which have some.
    pub(super) fn ports(&mut self) -> Result<Vec<u16>, AskError> {
        const EXPECTED: &str = "it has to be a whole number from 0 to 65535";
        let of_elements = self.each(Dimension::Ports, EXPECTED)?;
        let of_datagrams = self.each(Dimension::ExchangePorts, EXPECTED)?;
        if of_elements.is_empty() && of_datagrams.is_empty() {
            self.required(Dimension::ExchangePorts)?;
        }
        Ok([of_elements, of_datagrams].concat())
    }

    /// All values for a dimension.
    fn each<T: FromStr>(&mut self, dimension: Dimension, expected: &str) -> Result<Vec<T>, AskError> {
        let mut values = Vec::new();
        while let Some(value) = self.optional(dimension)? {
            let parsed = value.parse().map_err(|_| self.invalid(dimension, &value, expected))?;
            values.push(parsed);
        }
        Ok(values)
    }

    fn invalid(&self, dimension: Dimension, value: &str, expected: &str) -> AskError {
        let (key, example) = word(self.operation, dimension).unwrap_or_default();
        AskError::Value {
            key,
            value: Quoted(value).to_string(),
            expected: expected.to_owned(),
            example,
        }
    }
}

fn not_a_pair(operation: Operation, text: &str) -> AskError {
    let example = dimensions(operation).map(|(_, _, example)| example).next();
    AskError::Word {
        word: text.to_owned(),
        example: example.unwrap_or_default(),
    }
}

fn unknown(operation: Operation, key: &str) -> AskError {
    let known: Vec<&str> = dimensions(operation).map(|(_, key, _)| key).collect();
    AskError::Key {
        operation,
        key: key.to_owned(),
        suggestion: closest_or_all(key, &known),
    }
}
