use cofferdam_guest_sdk::{Failure, nftables::Match};

use super::{Side, address, address_type, input, mark, port, protocol, refused, states, words::Words};

pub(super) fn parse(words: &[String], ipv6: bool) -> Result<Vec<Match>, Failure> {
    // A word of the list may hold several.
    let split = words.iter().flat_map(|word| word.split_ascii_whitespace());
    let split: Vec<String> = split.map(|word| word.trim_matches('"').to_owned()).collect();
    let mut words = Words::new(&split);
    let mut conditions = Vec::new();
    while let Some(word) = words.next() {
        conditions.push(condition(word, &mut words, ipv6)?);
    }
    Ok(conditions)
}

fn condition(word: &str, words: &mut Words<'_>, ipv6: bool) -> Result<Match, Failure> {
    let family = if ipv6 { "ip6" } else { "ip" };
    match word {
        "ip" | "ip6" if word == family => of_header(word, words, ipv6),
        "tcp" | "udp" | "sctp" | "th" => {
            let side = match words.after(word)? {
                "sport" => Side::Source,
                "dport" => Side::Destination,
                other => return Err(refused(&format!("{word} {other}"))),
            };
            let (value, negate) = value(word, words)?;
            port(side, value, negate)
        }
        "meta" => {
            let key = words.after(word)?;
            of_packet(key, words)
        }
        "fib" => of_route(words),
        "ct" => {
            let (key, (value, negate)) = (words.after(word)?, value(word, words)?);
            if key != "state" || negate {
                return Err(refused(&format!("ct {key}")));
            }
            states(value)
        }
        key => of_packet(key, words),
    }
}

/// A value, and whether it is to be another one.
fn value<'w>(word: &str, words: &mut Words<'w>) -> Result<(&'w str, bool), Failure> {
    let operator = words.take(&["==", "!="]);
    let value = words.after(word)?;
    if value.starts_with(['{', '@', '$', '<', '>']) {
        return Err(refused(value));
    }
    Ok((value, operator == Some("!=")))
}

fn of_header(word: &str, words: &mut Words<'_>, ipv6: bool) -> Result<Match, Failure> {
    let key = words.after(word)?;
    let (value, negate) = value(key, words)?;
    match key {
        "saddr" => address(Side::Source, value, ipv6, negate),
        "daddr" => address(Side::Destination, value, ipv6, negate),
        "protocol" | "nexthdr" => protocol(value, negate),
        _ => Err(refused(&format!("{word} {key}"))),
    }
}

fn of_packet(key: &str, words: &mut Words<'_>) -> Result<Match, Failure> {
    match key {
        "iifname" | "iif" => {
            let (value, negate) = value(key, words)?;
            input(value, negate)
        }
        "l4proto" => {
            let (value, negate) = value(key, words)?;
            protocol(value, negate)
        }
        "mark" => {
            let mask = match words.take(&["and", "&"]) {
                Some(word) => words.after(word)?,
                None => "0xffffffff",
            };
            let (value, negate) = value(key, words)?;
            mark(&format!("{value}/{mask}"), negate)
        }
        _ => Err(refused(key)),
    }
}

/// `fib daddr type local`
fn of_route(words: &mut Words<'_>) -> Result<Match, Failure> {
    let (side, what) = (words.after("fib")?, words.after("fib")?);
    let (kind, negate) = value("type", words)?;
    match (side, what, negate) {
        ("daddr", "type", false) => Ok(Match::DestinationType(address_type(kind)?)),
        ("saddr", "type", false) => Ok(Match::SourceType(address_type(kind)?)),
        _ => Err(refused(&format!("fib {side} {what}"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parsed(words: &[&str], ipv6: bool) -> Result<Vec<Match>, Failure> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        parse(&words, ipv6)
    }

    #[test]
    fn both_dialects_say_the_same() {
        let iptables = |text: &str| {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            super::super::iptables::parse(&words, false).unwrap()
        };
        for (nft, other) in [
            (&["ip", "saddr", "10.0.0.0/8"][..], "-s 10.0.0.0/8"),
            (&["ip daddr != 192.0.2.1"], "! -d 192.0.2.1"),
            (&["iifname", "\"eth0\""], "-i eth0"),
            (&["meta", "mark", "and", "0xf0", "==", "0x10"], "--mark 0x10/0xf0"),
            (&["mark 5"], "--mark 5"),
            (&["tcp", "sport", "!=", "53"], "! --sport 53"),
            (&["fib daddr type local"], "--dst-type LOCAL"),
            (&["ct state new,related"], "--ctstate NEW,RELATED"),
            (&["meta l4proto udp"], "-p udp"),
        ] {
            assert_eq!(parsed(nft, false).unwrap(), iptables(other), "{nft:?}");
        }
        assert_eq!(parsed(&["ip6 saddr fd00::/8 iifname eth0"], true).unwrap().len(), 2);
    }

    #[test]
    fn what_can_not_be_expressed_is_refused_by_name() {
        for (text, named) in [
            ("ip saddr { 10.0.0.1, 10.0.0.2 }", "{"),
            ("ip6 saddr fd00::/8", "ip6"),
            ("ip saddr @blocked", "@blocked"),
            ("meta skuid 0", "skuid"),
            ("ct state != new", "ct state"),
            ("limit rate 5/second", "limit"),
            ("tcp flags syn", "tcp flags"),
            ("ip saddr", "saddr"),
        ] {
            let failure = parsed(&[text], false).unwrap_err();
            assert!(failure.message.contains(named), "{text}: {failure}");
        }
    }
}
