use std::net::IpAddr;

use cofferdam_protocol::{Attachment, CniError, Dns};

use super::{Request, Truth, given::Given, untrue};

impl Truth<'_> {
    /// Where a container looks names up is for its network's configuration to
    /// say, or a file that the plugin may read; a nameserver may also be the
    /// attachment's gateway. A plugin has none of its own to tell.
    pub(super) fn check_name_resolution(&self, result: &Attachment) -> Result<(), CniError> {
        let Some(Request { given, .. }) = self.request else {
            return Ok(());
        };
        check_dns(result, self.previous.map(|previous| &previous.dns), given)
    }
}

pub(super) fn check_dns(result: &Attachment, previous: Option<&Dns>, given: &Given<'_>) -> Result<(), CniError> {
    let Dns {
        nameservers,
        domain,
        search,
        options,
    } = &result.dns;
    let before = |list: fn(&Dns) -> &Vec<String>, word: &String| previous.is_some_and(|dns| list(dns).contains(word));
    let is_gateway = |word: &String| {
        let gateways = result.ips.iter().filter_map(|ip| ip.gateway);
        word.parse()
            .is_ok_and(|address: IpAddr| gateways.into_iter().any(|gateway| gateway == address))
    };
    let strange = |words: &[String], list: fn(&Dns) -> &Vec<String>| {
        let strange = |word: &&String| !given.has_word(word) && !before(list, word);
        words.iter().find(strange).cloned()
    };
    let nameserver = nameservers
        .iter()
        .find(|word| !is_gateway(word) && !given.has_word(word) && !before(|dns| &dns.nameservers, word));
    let domain = domain
        .as_ref()
        .filter(|word| !given.has_word(word) && previous.is_none_or(|dns| dns.domain.as_ref() != Some(*word)));
    let found = nameserver
        .cloned()
        .or_else(|| domain.cloned())
        .or_else(|| strange(search, |dns| &dns.search))
        .or_else(|| strange(options, |dns| &dns.options));
    match found {
        Some(word) => Err(untrue(format!(
            "its dns has {word:?}, which the plugin was given by neither configuration, previous result, resolver \
             file nor datagram"
        ))),
        None => Ok(()),
    }
}
