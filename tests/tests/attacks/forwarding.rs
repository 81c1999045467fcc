//! What the node's iptables accepts, elements that attachments share, and the
//! operator's list of settings.

use std::fs;

use cofferdam_tests::{Container, Site, needs_kernel, skip};
use serde_json::{Value, json};

use crate::{
    arena::{Arena, CONFLICT, INVALID, NARROW, NOT_FOUND, config, own_pair},
    packet_scope::{GRANTS, attached, element, table, then},
};

const ACCEPT: &str = r#"
[[plugin.hostile.grant]]
allow = "forwarding.accept"
in = "host"
chains = ["CNI-ADMIN"]
"#;
const PUBLISH: &str = r#"
[[plugin.hostile.grant]]
allow = "forwarding.publish"
in = "host"
"#;

const ZONE: &str = r#"
[[plugin.hostile.grant]]
allow = "forwarding.zone"
in = "host"
zones = ["trusted"]
"#;

fn join(address: &str, zone: &str) -> Value {
    json!({ "do": "join-zone", "address": address, "zone": zone })
}

fn publish(address: &str) -> Value {
    json!({ "do": "accept-published", "address": address })
}

fn accept(address: &str, first: &str) -> Value {
    json!({ "do": "accept-forwarding", "address": address, "first": first })
}

/// A node whose iptables filters; false where it can't be made.
fn filters(site: &Site) -> bool {
    let made = site.node().run(|| {
        std::process::Command::new("iptables")
            .args(["-P", "FORWARD", "DROP"])
            .status()
            .is_ok_and(|status| status.success())
    });
    made && site.node().ruleset().contains("chain FORWARD")
}

/// The narrow grants and these, on a node with iptables.
fn arena(grants: &str) -> Option<Arena> {
    let mut filtering = false;
    let (arena, _) = Arena::beside(&format!("{NARROW}{grants}"), "victim", |site, _| {
        filtering = filters(site)
    });
    filtering.then_some(arena)
}

#[test]
fn nothing_is_accepted_but_the_attachments_own_addresses() {
    needs_kernel!();
    let Some(arena) = arena(&format!("{ACCEPT}{PUBLISH}")) else {
        return skip("iptables that uses nf_tables is not installed");
    };
    for (whose, address) in [
        ("a lease of another's", "10.22.0.77"),
        ("nobody's", "10.22.0.200"),
        ("the node's", "192.0.2.2"),
        ("the outside's", "198.51.100.1"),
        ("everybody's", "0.0.0.0"),
        ("IPv6", "2001:db8::1"),
    ] {
        for (call, operation) in [
            (accept(address, "CNI-ADMIN"), "forwarding.accept"),
            (publish(address), "forwarding.publish"),
        ] {
            let calls = then(vec![own_pair()], [call]);
            let grant = format!("prefixes = [\"{address}/");
            arena.denied(whose, &calls, operation, &format!("address {address}"), &grant);
        }
    }
    // What the container gave itself is not its attachment's.
    arena
        .container
        .namespace
        .ip(&["address", "add", "10.22.0.200/32", "dev", "lo"]);
    for call in [accept("10.22.0.200", "CNI-ADMIN"), publish("10.22.0.200")] {
        let output = arena.run(&then(vec![own_pair()], [call]));
        assert!(output.error().message.contains("address 10.22.0.200"), "{output}");
    }
}

/// Whether there is a firewalld does not matter: it is not asked.
#[test]
fn nobody_elses_address_goes_into_a_zone_and_none_into_another_one() {
    needs_kernel!();
    let (arena, _) = Arena::beside(&format!("{NARROW}{ZONE}"), "victim", |_, _| {});
    for address in ["10.22.0.77", "10.22.0.200", "192.0.2.2", "0.0.0.0", "2001:db8::1"] {
        let calls = then(vec![own_pair()], [join(address, "trusted")]);
        let grant = format!("prefixes = [\"{address}/");
        arena.denied(
            address,
            &calls,
            "forwarding.zone",
            &format!("address {address}"),
            &grant,
        );
    }
    let calls = then(attached(), [join("10.22.0.9", "public")]);
    arena.denied(
        "another zone",
        &calls,
        "forwarding.zone",
        "public",
        "zones = [\"public\"]",
    );
    for zone in ["", "a zone", "trusted\n", "trusted/public", &"z".repeat(18)] {
        let error = arena.run(&then(attached(), [join("10.22.0.9", zone)])).error();
        assert_eq!(error.code, INVALID, "{zone:?}: {error:?}");
    }
}

#[test]
fn without_a_grant_firewalld_is_not_asked_and_tells_nothing() {
    needs_kernel!();
    let (arena, _) = Arena::beside(NARROW, "victim", |_, _| {});
    for call in ["join-zone", "is-in-zone"] {
        let calls = then(
            attached(),
            [json!({ "do": call, "address": "10.22.0.9", "zone": "trusted" })],
        );
        arena.denied(call, &calls, "forwarding.zone", "trusted", "zones = [\"trusted\"]");
    }
}

/// Who may publish accepts nothing else, and the other way round.
#[test]
fn one_grant_is_not_the_other() {
    needs_kernel!();
    for (granted, call, operation) in [
        (ACCEPT, publish("10.22.0.9"), "forwarding.publish"),
        (PUBLISH, accept("10.22.0.9", "CNI-ADMIN"), "forwarding.accept"),
    ] {
        let Some(arena) = arena(granted) else {
            return skip("iptables that uses nf_tables is not installed");
        };
        let calls = then(attached(), [call]);
        arena.denied(operation, &calls, operation, "attachment", operation);
    }
}

#[test]
fn the_chain_that_is_asked_first_is_one_that_is_granted() {
    needs_kernel!();
    let Some(arena) = arena(ACCEPT) else {
        return skip("iptables that uses nf_tables is not installed");
    };
    arena.site.node().tool("iptables", &["-N", "DOCKER-USER"]);
    let attempt = |first: &str| then(attached(), [accept("10.22.0.9", first)]);
    let error = arena.run(&attempt("DOCKER-USER")).error();
    assert_eq!(error.code, 100, "{error:?}");
    assert!(error.text().contains("chains = [\"DOCKER-USER\"]"), "{error:?}");
    for first in [
        "FORWARD",
        "INPUT",
        "OUTPUT",
        "CNI-FORWARD",
        "",
        "-j",
        "a b",
        "a\nb",
        "a\0b",
        &"a".repeat(29),
    ] {
        let error = arena.run(&attempt(first)).error();
        assert_eq!(error.code, INVALID, "{first:?}: {error:?}");
    }
    assert!(
        !arena.site.node().ruleset().contains("CNI"),
        "{}",
        arena.site.node().ruleset()
    );
}

#[test]
fn without_a_grant_iptables_is_not_touched_and_tells_nothing() {
    needs_kernel!();
    let Some(arena) = arena("") else {
        return skip("iptables that uses nf_tables is not installed");
    };
    for call in ["accept-forwarding", "is-accepted"] {
        let calls = then(
            attached(),
            [json!({ "do": call, "address": "10.22.0.9", "first": "CNI-ADMIN" })],
        );
        arena.denied(
            call,
            &calls,
            "forwarding.accept",
            "CNI-ADMIN",
            "chains = [\"CNI-ADMIN\"]",
        );
    }
    let calls = then(attached(), [publish("10.22.0.9")]);
    arena.denied(
        "accept-published",
        &calls,
        "forwarding.publish",
        "published ports",
        "in = \"host\"",
    );
}

fn share(set: &str, what: &Value) -> Value {
    let mut call = element(set, what);
    call["do"] = "share-elements".into();
    call
}

#[test]
fn a_shared_element_holds_nothing_of_others() {
    needs_kernel!();
    let arena = Arena::with_grants(GRANTS);
    let with = |call: Value| then(attached(), [call]);
    for (what, object, grant) in [
        (
            json!({ "address": "10.22.0.77" }),
            "address 10.22.0.77",
            "prefixes = [\"10.22.0.77/32\"]",
        ),
        (
            json!({ "address": "192.0.2.2" }),
            "address 192.0.2.2",
            "prefixes = [\"192.0.2.2/32\"]",
        ),
    ] {
        arena.denied(
            object,
            &with(share("sources", &what)),
            "nftables.element",
            object,
            grant,
        );
    }
    arena.denied(
        "a link of the node's",
        &with(share("links", &json!({ "link": "up0" }))),
        "nftables.element",
        "link \"up0\"",
        "names = [\"up0\"]",
    );
    let undeclared = then(vec![own_pair()], [share("links", &json!({ "link": "vethown" }))]);
    arena.refused(
        "a table that was not declared",
        &undeclared,
        NOT_FOUND,
        "declared by this attachment",
    );
    let map = with(share("source-verdicts", &json!({ "address": "10.22.0.9" })));
    arena.refused("a map", &map, INVALID, "can't be shared");
}

#[test]
fn a_shared_element_stays_until_the_last_who_shares_it_is_gone() {
    needs_kernel!();
    let names = format!("{NARROW}{GRANTS}\n{}", NAMES);
    let calls = |link: &str| {
        let pair = json!({ "do": "veth", "first": { "in": "host", "name": link }, "second": { "in": "container", "name": "eth0" } });
        json!([pair, table(&json!([])), share("links", &json!({ "link": "up0" }))])
    };
    let site = Site::new();
    site.installation().policy("hostile.toml", &names);
    let (one, two) = (Container::new("one"), Container::new("two"));
    let before = site.snapshot();
    site.add(&one, &config(&calls("vethone")));
    site.add(&two, &config(&calls("vethtwo")));
    site.del(&one, &config(&calls("vethone")));
    assert!(
        site.node().ruleset().contains("\"up0\" comment \"shared\""),
        "{}",
        site.node().ruleset()
    );
    // An element of one's own is not taken over, nor taken away.
    let own = json!([table(&json!([])), element("links", &json!({ "link": "up0" }))]);
    let error = site.try_add(&Container::new("three"), &config(&own)).error();
    assert_eq!(error.code, CONFLICT, "{error:?}");
    site.del(&two, &config(&calls("vethtwo")));
    before.assert_same(&site.snapshot());
}

/// The name of the node's link in elements.
const NAMES: &str = r#"
[[plugin.hostile.grant]]
allow = "nftables.element"
in = "host"
family = "inet"
tables = ["hostile"]
sets = ["links"]
names = ["up0"]
"#;

#[test]
fn the_list_of_settings_is_read_by_those_who_may() {
    needs_kernel!();
    let arena = Arena::new();
    let directory = arena.site.installation().root().join("etc/cni/tuning");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("allowlist.conf"), "net.core\n").unwrap();
    let read = json!([{ "do": "read-allow-list" }]);
    arena.denied(
        "the list",
        &read,
        "allow-list.read",
        "/etc/cni/tuning/allowlist.conf",
        "files = [\"/etc/cni/tuning/allowlist.conf\"]",
    );
    let elsewhere = "\n[[plugin.hostile.grant]]\nallow = \"allow-list.read\"\nfiles = [\"/etc/shadow\"]\n";
    let arena = Arena::with_grants(elsewhere);
    arena.denied("another file", &read, "allow-list.read", "allowlist.conf", "files = ");
}
