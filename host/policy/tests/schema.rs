//! The JSON Schema of the format.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{fs, path::Path};

use cofferdam_policy::{PluginPolicy, default_policy, schema};
use cofferdam_validator::Validator;
use proptest::prelude::*;
use serde_json::Value;
use support::{
    arbitrary::{file_text, grant, selection},
    policy,
};

fn validator() -> Validator {
    cofferdam_validator::draft7::new(&schema()).unwrap()
}

fn json(text: &str) -> Value {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_published_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy.schema.json");
    let published: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(
        published == schema(),
        "docs/policy.schema.json is not current: cofferctl policy schema > docs/policy.schema.json"
    );
}

#[test]
fn it_is_a_schema() {
    assert!(cofferdam_validator::meta::is_valid(&schema()));
}

#[test]
fn the_default_policies_are_of_it() {
    let validator = validator();
    for plugin in [
        "bridge",
        "dhcp",
        "dummy",
        "firewall",
        "host-device",
        "host-local",
        "ipvlan",
        "loopback",
        "macvlan",
        "ptp",
        "sbr",
        "static",
        "tap",
        "tuning",
        "vlan",
        "vrf",
    ] {
        let document = json(default_policy(plugin).unwrap());
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{plugin}");
    }
}

#[test]
fn what_else_the_format_has_is_of_it() {
    let validator = validator();
    let digest = "a".repeat(64);
    for text in [
        format!("[plugin.test]\ncomponent = \"sha256:{digest}\"\naudit = \"all\"\nrecord = \"failures\"\nnetworks = [\"a*\"]\ntenants = [\"b\"]"),
        "[plugin.test]\nsigned-by = \"vendor_1\"\ngrant = []".to_owned(),
        "[plugin.test]\n[[plugin.test.grant]]\nallow = \"rule.*\"\nin = \"container\"\nnetworks = [\"a\"]".to_owned(),
        "[plugin.test]\n[[plugin.test.grant]]\nallow = [\"link.create\", \"address.add\"]\nin = \"container\"\nmax = 1"
            .to_owned(),
        "[plugin.test]\n[[plugin.test.grant]]\nallow = \"store.open\"\nlocations = [\"/\", \"/a..b/...\"]".to_owned(),
        "[plugin.test]\n[[plugin.test.grant]]\nallow = \"sysctl.read\"\nin = \"host\"\nkeys = ['net/ipv4/conf/\\*.5/mtu', \
         'net/.x/..y', 'net/ipv4/conf/veth*/mtu']"
            .to_owned(),
        "[plugin.test]\n[[plugin.test.grant]]\nallow = \"link.see\"\nin = \"host\"\nnames = ['a\\*\\\\b*']".to_owned(),
    ] {
        let file = [("test.toml".into(), text.clone())];
        let read = PluginPolicy::parse("test", &file, |_| Ok(Some([0; 32])));
        assert!(read.is_ok(), "{text}: {read:?}");
        assert!(validator.is_valid(&json(&text)), "{text}");
    }
}

#[test]
fn what_is_wrong_is_not_of_it() {
    let validator = validator();
    let refused = |text: &str| {
        assert!(policy(text).is_err(), "{text}");
        assert!(!validator.is_valid(&json(text)), "{text}");
    };
    for text in [
        "",
        "plugin = 1",
        "[plugins.test]",
        "[plugin]",
        "[plugin.test]\n[plugin.other]",
        "[plugin.test]\nnetwork = [\"a\"]",
        "[plugin.test]\nnetworks = []",
        "[plugin.test]\nnetworks = \"a\"",
        "[plugin.test]\ntenants = [\"\"]",
        "[plugin.test]\naudit = \"none\"",
        "[plugin.test]\ncomponent = \"sha256:abc\"",
        "[plugin.test]\nsigned-by = \"../vendor\"",
        "[plugin.test]\ngrant = [1]",
        "[plugin.test.grant]\nallow = \"rule.see\"",
    ] {
        refused(text);
    }
    let digest = "a".repeat(64);
    refused(&format!(
        "[plugin.test]\ncomponent = \"sha256:{digest}\"\nsigned-by = \"vendor\""
    ));
    for grant in [
        "in = \"host\"",
        "allow = \"link.craete\"",
        "allow = \"links.*\"",
        "allow = \"*\"",
        "allow = []",
        "allow = 1",
        "allow = \"link.see\"",
        "allow = \"link.see\"\nin = \"hsot\"",
        "allow = \"link.see\"\nin = \"host\"",
        "allow = \"link.*\"\nin = \"host\"\nnames = [\"a\"]",
        "allow = \"link.see\"\nin = \"container\"\nname = [\"lo\"]",
        "allow = \"link.see\"\nin = \"container\"\nnames = \"lo\"",
        "allow = \"link.see\"\nin = \"container\"\nnames = [1]",
        "allow = \"link.see\"\nin = \"container\"\nnames = ['a\\b']",
        "allow = \"link.see\"\nin = \"container\"\nkinds = [\"v*\"]",
        "allow = \"link.see\"\nin = \"container\"\nmax = 1",
        "allow = [\"link.see\", \"link.create\"]\nin = \"container\"\nmax = 1",
        "allow = \"link.set\"\nin = \"container\"\nsettings = [\"prots\"]",
        "allow = \"address.*\"\nin = \"container\"\nprefixes = [\"10.0.0.0/8\"]",
        "allow = \"address.add\"\nin = \"container\"\nprefixes = [\"10.22.0.0\"]",
        "allow = \"route.see\"\nin = \"container\"\ntables = [\"main\"]",
        "allow = \"route.see\"\nin = \"container\"\ntables = [0]",
        "allow = \"route.see\"\nin = \"container\"\ntables = [[1, 2, 3]]",
        "allow = \"rule.add\"\nin = \"container\"\npriorities = [-1]",
        "allow = \"sysctl.read\"\nin = \"container\"",
        "allow = \"sysctl.read\"\nin = \"container\"\nkeys = [\"net.ipv4.ip_forward\"]",
        "allow = \"sysctl.read\"\nin = \"container\"\nkeys = [\"net/../kernel/panic\"]",
        "allow = \"sysctl.read\"\nin = \"container\"\nkeys = ['net/ipv4/eth\\x/mtu']",
        "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\nhooks = [\"input\"]",
        "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\npriorities = [1]",
        "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"arp\"\ntables = [\"t\"]",
        "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [1]",
        "allow = [\"rule.add\", \"nftables.table\"]\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\npriorities = [1]",
        "allow = [\"route.see\", \"nftables.element\"]\nin = \"container\"\nfamily = \"ip\"\nsets = [\"s\"]\ntables = [\"t\"]",
        "allow = \"store.open\"\nlocations = [\"leases\"]",
        "allow = \"store.open\"\nlocations = [\"/var/../etc\"]",
        "allow = \"store.open\"\nlocations = [\"/..\"]",
        "allow = \"store.open\"\nin = \"host\"",
        "allow = \"link.create\"\nin = \"container\"\nmax = 0",
        "allow = \"link.create\"\nin = \"container\"\nmax-per-tenant = 4294967296",
    ] {
        refused(&format!("[plugin.test]\n[[plugin.test.grant]]\n{grant}\n"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Nothing that is a policy is refused, whichever values meet.
    #[test]
    fn every_policy_is_of_it(head in selection(), grants in prop::collection::vec(grant(), 1..6)) {
        let text = file_text(&head, &grants);
        prop_assert!(validator().is_valid(&json(&text)), "{text}");
    }

    #[test]
    fn a_text_that_the_parser_takes_is_not_refused(
        name in "[a*\\\\. /:-]{0,4}|\\PC{0,4}", key in "net(/([a.*\\\\]{0,3})){0,3}", path in "/?[a./]{0,6}", kind in "[a-z*_-]{0,3}",
    ) {
        let quote = |text: &str| serde_json::to_string(text).unwrap();
        for grant in [
            format!("allow = \"link.see\"\nin = \"host\"\nnames = [{}]", quote(&name)),
            format!("allow = \"link.see\"\nin = \"container\"\nkinds = [{}]", quote(&kind)),
            format!("allow = \"sysctl.read\"\nin = \"host\"\nkeys = [{}]", quote(&key)),
            format!("allow = \"resolver.read\"\nfiles = [{}]", quote(&path)),
        ] {
            let text = file_text("", &[grant]);
            if toml::from_str::<Value>(&text).is_ok() {
                prop_assert_eq!(policy(&text).is_ok(), validator().is_valid(&json(&text)), "{}", text);
            }
        }
    }
}
