//! Files of the node that say how names are resolved.

use crate::{Dns, Error, bindings::resolver};

/// The settings in the file that the configuration names as
/// `ipam.resolvConf`; `None` when it names none.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, resolver};
/// # fn example() -> Result<(), Error> {
/// let dns = resolver::configured()?.unwrap_or_default();
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It can't be read, or that is not granted.
pub fn configured() -> Result<Option<Dns>, Error> {
    Ok(resolver::resolv_conf()?.map(|text| parse(&text)))
}

/// Reads the text of a `resolv.conf(5)`. Lines that make no sense are passed
/// over.
///
/// ```
/// let dns = cofferdam_guest_sdk::resolver::parse("nameserver 192.0.2.53\nsearch a.example b.example\n");
/// assert_eq!(dns.nameservers, ["192.0.2.53"]);
/// assert_eq!(dns.search, ["a.example", "b.example"]);
/// ```
#[must_use]
pub fn parse(text: &str) -> Dns {
    let mut dns = Dns::default();
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        let mut fields = line.split_whitespace();
        let (Some(keyword), Some(first)) = (fields.next(), fields.next()) else {
            continue;
        };
        let all = std::iter::once(first).chain(fields).map(str::to_owned);
        match keyword {
            "nameserver" => dns.nameservers.push(first.to_owned()),
            "domain" => dns.domain = Some(first.to_owned()),
            "search" => dns.search.extend(all),
            "options" => dns.options.extend(all),
            _ => {}
        }
    }
    dns
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_gives_settings_without_blanks(text in r"(?s).{0,300}|((nameserver|search|options|domain|#|x)[ \t\PC]{0,20}\n){0,8}") {
            let dns = parse(&text);
            let words = [&dns.nameservers, &dns.search, &dns.options].into_iter().flatten().chain(&dns.domain);
            for word in words {
                prop_assert!(!word.is_empty() && !word.contains(char::is_whitespace));
            }
            prop_assert!(dns.nameservers.len() <= text.lines().count());
        }
    }

    #[test]
    fn comments_and_incomplete_lines_are_passed_over() {
        let dns = parse(
            "# nameserver 1\n ; nameserver 2\n\nnameserver\n  nameserver 192.0.2.1 ignored\r\nnameserver ::1\n\
             domain one\ndomain two\nsearch a b\nsearch c\noptions ndots:5 edns0\nsortlist x\n",
        );
        assert_eq!(
            dns,
            Dns {
                nameservers: vec!["192.0.2.1".into(), "::1".into()],
                domain: Some("two".into()),
                search: vec!["a".into(), "b".into(), "c".into()],
                options: vec!["ndots:5".into(), "edns0".into()],
            }
        );
    }
}
