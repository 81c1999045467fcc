//! What the node's operator lets containers have set: a regular expression a
//! line, one of which a key has to match somewhere.

use cofferdam_guest_sdk::{Failure, allow_list};
use regex_lite::{Regex, RegexBuilder};

use crate::config::Settings;

/// Bytes that a compiled expression may take.
const SIZE_LIMIT: usize = 1 << 20;

/// Refuses keys that are not on the list, where there is one.
pub(crate) fn check(settings: &Settings) -> Result<(), Failure> {
    match allow_list::read()? {
        Some(list) => check_by(&list, settings),
        None => Ok(()),
    }
}

fn check_by(list: &str, settings: &Settings) -> Result<(), Failure> {
    let lines: Vec<&str> = list.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let expressions = lines
        .iter()
        .map(|line| expression(line))
        .collect::<Result<Vec<_>, _>>()?;
    for (key, _) in &settings.0 {
        if !expressions.iter().any(|expression| expression.is_match(key)) {
            return Err(Failure::invalid_config(format!(
                "Sysctl {key} is not allowed. Only the following sysctls are allowed: {lines:?}"
            )));
        }
    }
    Ok(())
}

fn expression(line: &str) -> Result<Regex, Failure> {
    let built = RegexBuilder::new(line).size_limit(SIZE_LIMIT).build();
    built.map_err(|error| {
        Failure::internal(format!(
            "/etc/cni/tuning/allowlist.conf: the expression {line:?} can't be read: {error}"
        ))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_and_looked_for(line in r"[a-c.*+?|()\[\]{}^$\\0-9,\-]{0,30}", text in "[a-c.]{0,20}") {
            if let Ok(expression) = expression(&line) {
                expression.is_match(&text);
            }
        }
    }

    #[test]
    fn a_key_has_to_match_a_line() {
        let list = "\n  ^net.ipv4.conf.[a-z0-9]*.arp_filter$  \nsomaxconn\n";
        for (key, allowed) in [
            ("net.ipv4.conf.IFNAME.arp_filter", false),
            ("net.ipv4.conf.eth0.arp_filter", true),
            ("net.core.somaxconn", true),
            ("net.ipv4.ip_forward", false),
        ] {
            let settings = Settings(vec![(key.to_owned(), "1".to_owned())]);
            assert_eq!(check_by(list, &settings).is_ok(), allowed, "{key}");
        }
        assert!(check_by("", &Settings(vec![("net.a".to_owned(), "1".to_owned())])).is_err());
        assert!(
            check_by("(", &Settings::default())
                .unwrap_err()
                .message
                .contains("\"(\"")
        );
    }

    #[test]
    fn expressions_are_gos() {
        for (line, yes, no) in [
            (
                "net.ipv4",
                &["net.ipv4.ip_forward", "net/ipv4/x"][..],
                &["net.ipv6.x"][..],
            ),
            (r"^net\.ipv4\.", &["net.ipv4.x"], &["net/ipv4/x", "a.net.ipv4.x"]),
            (
                r"^net.ipv4.conf.[a-z]+[0-9]*.arp_filter$",
                &["net.ipv4.conf.eth0.arp_filter", "net.ipv4.conf.all.arp_filter"],
                &["net.ipv4.conf.eth0.arp_filters", "net.ipv4.conf.0.arp_filter"],
            ),
            ("a|bc|d$", &["xa", "bc", "d"], &["b", "dx"]),
            ("^(ab)*$", &["", "ab", "abab"], &["aba", "b"]),
            ("^(?:a|b){2,3}$", &["ab", "bba"], &["a", "abab"]),
            ("^a{2}$", &["aa"], &["a", "aaa"]),
            ("^a{2,}?b", &["aab", "aaaab"], &["ab"]),
            (r"^[^.\d-]+$", &["abc"], &["a.c", "a1", "a-c"]),
            ("^[]a]$", &["]", "a"], &["b"]),
            ("^[[:alpha:]]+$", &["abc"], &["a1"]),
            ("(?i)^NET", &["net.a"], &["a.net"]),
            (r"\bif\b", &["an if.x"], &["iff"]),
            (r"^\w+\s\S$", &["ab c"], &["ab  ", "-b c"]),
            ("", &["", "anything"], &[]),
            ("()|x", &["", "y"], &[]),
        ] {
            let expression = expression(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            for text in yes {
                assert!(expression.is_match(text), "{line} in {text:?}");
            }
            for text in no {
                assert!(!expression.is_match(text), "{line} in {text:?}");
            }
        }
    }

    #[test]
    fn what_can_not_be_read_or_is_too_large_is_refused() {
        for line in [
            "*a",
            "(a",
            "a)",
            "[a",
            r"\pL",
            r"a\",
            "[z-a]",
            "a{3,2}",
            "((a{1000}){1000}){1000}",
        ] {
            assert!(expression(line).is_err(), "{line}");
        }
    }

    #[test]
    fn what_takes_others_for_ever_is_over_at_once() {
        let expression = expression("^(a|a|aa)*(a*)*$").unwrap();
        assert!(!expression.is_match(&format!("{}b", "a".repeat(2000))));
    }
}
