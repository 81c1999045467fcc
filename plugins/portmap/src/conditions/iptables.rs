use cofferdam_guest_sdk::{Failure, nftables::Match};

use super::{Side, address, address_type, input, mark, port, protocol, refused, states, words::Words};

/// Modules whose options are known. They need no naming here, as in `iptables`.
const MODULES: [&str; 9] = [
    "tcp",
    "udp",
    "sctp",
    "mark",
    "addrtype",
    "conntrack",
    "state",
    "comment",
    "multiport",
];

pub(super) fn parse(words: &[String], ipv6: bool) -> Result<Vec<Match>, Failure> {
    let mut words = Words::new(words);
    let mut conditions = Vec::new();
    while let Some(word) = words.next() {
        let (word, negate) = if word == "!" {
            (words.after(word)?, true)
        } else {
            (word, false)
        };
        conditions.extend(condition(word, negate, &mut words, ipv6)?);
    }
    Ok(conditions)
}

/// Nothing for what says nothing of a packet.
fn condition(word: &str, negate: bool, words: &mut Words<'_>, ipv6: bool) -> Result<Option<Match>, Failure> {
    match word {
        "-m" | "--match" if !negate => {
            let module = words.after(word)?;
            return if MODULES.contains(&module) {
                Ok(None)
            } else {
                Err(refused(&format!("{word} {module}")))
            };
        }
        "--comment" if !negate => return words.after(word).map(|_| None),
        _ => {}
    }
    // The older order of words.
    let negate = words.take(&["!"]).is_some() || negate;
    let value = words.after(word)?;
    let matching = match word {
        "-s" | "--source" | "--src" => address(Side::Source, value, ipv6, negate)?,
        "-d" | "--destination" | "--dst" => address(Side::Destination, value, ipv6, negate)?,
        "-i" | "--in-interface" => input(value, negate)?,
        "-p" | "--protocol" | "--proto" => protocol(value, negate)?,
        "--sport" | "--source-port" => port(Side::Source, value, negate)?,
        "--dport" | "--destination-port" => port(Side::Destination, value, negate)?,
        "--mark" => mark(value, negate)?,
        "--dst-type" if !negate => Match::DestinationType(address_type(value)?),
        "--src-type" if !negate => Match::SourceType(address_type(value)?),
        "--ctstate" | "--state" if !negate => states(value)?,
        _ => {
            let mark = if negate { "! " } else { "" };
            return Err(refused(&format!("{mark}{word}")));
        }
    };
    Ok(Some(matching))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parsed(text: &str, ipv6: bool) -> Result<Vec<Match>, Failure> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        parse(&words, ipv6)
    }

    #[test]
    fn common_matches_are_understood() {
        let same = |one: &str, other: &str| assert_eq!(parsed(one, false).unwrap(), parsed(other, false).unwrap());
        same("-s 10.0.0.0/8", "--source 10.1.2.3/8");
        same("! -d 192.0.2.1", "-d ! 192.0.2.1/32");
        same("-m mark --mark 0x10/0xf0", "--mark 16/240");
        same("-m comment --comment x -i eth0", "--in-interface eth0");
        same("-m conntrack --ctstate NEW,RELATED", "--state related,new");
        assert_eq!(
            parsed("-p tcp -m addrtype --dst-type LOCAL ! --sport 53", false)
                .unwrap()
                .len(),
            3
        );
        assert_eq!(parsed("-s fd00::/8", true).unwrap().len(), 1);
    }

    #[test]
    fn what_can_not_be_expressed_is_refused_by_name() {
        for (text, named) in [
            ("-m geoip --source-country CH", "-m geoip"),
            ("-o eth0", "-o"),
            ("! --ctstate NEW", "! --ctstate"),
            ("-i eth+", "eth+"),
            ("-s fd00::/8", "fd00::/8"),
            ("-s 10.0.0.0/8,192.0.2.0/24", "10.0.0.0/8,192.0.2.0/24"),
            ("--dport 80:90", "80:90"),
            ("-s", "-s"),
            ("-p icmp", "icmp"),
        ] {
            let failure = parsed(text, false).unwrap_err();
            assert!(failure.message.contains(named), "{text}: {failure}");
        }
    }
}
