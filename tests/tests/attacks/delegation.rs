//! Plugins that call one another, and members of a chain.

use std::fs;

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{Arena, DENIED, config};

const DELEGATE: &str = "[[plugin.hostile.grant]]\nallow = \"ipam.delegate\"\nplugins = [\"*\"]\n";

/// The same component under another name, with a policy of its own.
fn accomplice(arena: &Arena, policy: &str) {
    let plugins = arena.site.installation().root().join("var/lib/cofferdam/plugins");
    fs::copy(plugins.join("hostile"), plugins.join("accomplice")).unwrap();
    arena.site.installation().policy("accomplice.toml", policy);
}

fn chain(first: Value, second: Value) -> Value {
    json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam",
        "chain": [{ "type": "hostile", "calls": first }, { "type": "accomplice", "calls": second }]
    })
}

#[test]
fn a_plugin_that_names_itself_for_its_addresses_ends() {
    needs_kernel!();
    let arena = Arena::with_grants(DELEGATE);
    accomplice(
        &arena,
        "[plugin.accomplice]\n[[plugin.accomplice.grant]]\nallow = \"ipam.delegate\"\nplugins = [\"*\"]\n",
    );
    for name in ["hostile", "accomplice"] {
        let mut config = config(&json!([{ "do": "delegate" }]));
        config["ipam"]["type"] = json!(name);
        let error = arena.site.try_add(&arena.container, &config).error();
        arena.assert_untouched(name);
        assert!(
            error
                .message
                .contains("can't be called by an address management plugin"),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn a_delegate_has_its_own_grants_and_not_its_callers() {
    needs_kernel!();
    let arena = Arena::with_grants(DELEGATE);
    accomplice(&arena, "[plugin.accomplice]\n");
    // Both make the same calls; the first is granted to the caller alone.
    let find = json!({ "do": "find", "in": "host", "name": "vethtenant" });
    let mut config = config(&json!([find, { "do": "delegate" }]));
    config["ipam"]["type"] = json!("accomplice");
    let error = arena.site.try_add(&arena.container, &config).error();
    arena.assert_untouched("a delegate");
    assert_eq!(error.code, DENIED, "{error:?}");
    assert!(error.message.starts_with("link.see"), "{error:?}");
}

#[test]
fn a_delegate_that_was_not_granted_is_not_called() {
    needs_kernel!();
    let arena = Arena::new();
    for name in ["host-local", "hostile", "bridge", "nothing"] {
        let mut config = config(&json!([{ "do": "delegate" }]));
        config["ipam"]["type"] = json!(name);
        let error = arena.site.try_add(&arena.container, &config).error();
        arena.assert_untouched(name);
        assert_eq!(error.code, DENIED, "{name}: {error:?}");
        assert!(
            error.text().contains(&format!("plugins = [{name:?}]")),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn delegates_in_a_loop_end_and_give_everything_back() {
    needs_kernel!();
    let arena = Arena::with_grants(DELEGATE);
    let calls = json!([{ "do": "repeat", "times": 10_000, "calls": [{ "do": "delegate" }] }]);
    let call = arena.site.call("ADD", &arena.container, &config(&calls));
    let output = call.argument("--budget").argument("3000").run();
    assert_eq!(output.code, 1, "{output}");
    arena.assert_untouched("delegates in a loop");
}

#[test]
fn the_next_member_of_a_chain_does_not_own_what_the_first_made() {
    needs_kernel!();
    let arena = Arena::new();
    accomplice(
        &arena,
        "[plugin.accomplice]\n[[plugin.accomplice.grant]]\nallow = \"link.see\"\nin = \"container\"\n",
    );
    for (operation, call) in [
        ("link.set", json!({ "do": "down", "link": 0 })),
        ("link.delete", json!({ "do": "delete", "link": 0 })),
        (
            "address.add",
            json!({ "do": "add-address", "link": 0, "address": "10.22.0.5/16" }),
        ),
        ("address.see", json!({ "do": "addresses", "link": 0 })),
    ] {
        let second = json!([{ "do": "find", "in": "container", "name": "eth0" }, call]);
        let error = arena
            .site
            .try_add(&arena.container, &chain(json!([crate::arena::own_pair()]), second))
            .error();
        arena.assert_untouched(operation);
        assert_eq!(error.code, DENIED, "{operation}: {error:?}");
        assert!(error.message.contains(operation), "{operation}: {error:?}");
    }
}

#[test]
fn a_member_of_a_chain_keeps_no_lock_from_the_next() {
    needs_kernel!();
    let arena = Arena::new();
    accomplice(
        &arena,
        "[plugin.accomplice]\n[[plugin.accomplice.grant]]\nallow = \"store.open\"\nlocations = \
         [\"/var/lib/cni/networks\"]\n",
    );
    let second = json!([{ "do": "open-records" }, { "do": "owned" }, { "do": "tell" }]);
    let config = chain(json!([{ "do": "open-records" }]), second);
    let error = arena.site.try_add(&arena.container, &config).error();
    assert!(error.message.ends_with(": []"), "{error:?}");
    arena.assert_untouched("a lock");
}

#[test]
fn records_are_opened_once_and_lent_to_a_delegate() {
    needs_kernel!();
    let arena = Arena::with_grants(DELEGATE);
    let twice = json!([{ "do": "open-records" }, { "do": "open-records" }]);
    arena.refused("twice", &twice, crate::arena::INVALID, "not taken twice");
    let used = json!([{ "do": "open-records" }, { "do": "delegate" }, { "do": "owned" }]);
    let error = arena.fails("used after a delegate", &used);
    assert!(error.message.contains("closed"), "{error:?}");
}

/// What it says goes onto a link: its caller's grants are wider than its
/// records.
#[test]
fn a_delegate_tells_of_no_address_that_it_did_not_claim() {
    needs_kernel!();
    let arena = Arena::with_grants(DELEGATE);
    accomplice(&arena, "[plugin.accomplice]\n");
    for (attack, allocation, words) in [
        (
            "a tenant's",
            json!({ "addresses": [["10.22.0.77/16", null]] }),
            "was not claimed",
        ),
        (
            "the gateway's",
            json!({ "addresses": [["10.22.0.1/16", null]] }),
            "was not claimed",
        ),
        (
            "on a link",
            json!({ "addresses": [["10.22.0.5/16", 0]] }),
            "said to be on an interface",
        ),
        (
            "an interface",
            json!({ "interfaces": [["eth0", null]] }),
            "makes no interfaces",
        ),
        (
            "a nameserver",
            json!({ "nameservers": ["203{.}0{.}113{.}6"] }),
            "its dns has",
        ),
        (
            "many",
            json!({ "routes": vec!["10.22.0.0/24"; 5000] }),
            "more than the 4096",
        ),
    ] {
        let mut config = config(&json!([]));
        config["ipam"]["type"] = json!("accomplice");
        config["allocation"] = allocation;
        let error = arena.site.try_add(&arena.container, &config).error();
        arena.assert_untouched(attack);
        assert_eq!(error.code, 112, "{attack}: {error:?}");
        assert!(error.message.contains(words), "{attack}: {error:?}");
        assert!(error.message.contains("\"accomplice\""), "{attack}: {error:?}");
    }
}

/// Each call of a delegate is an instance of its own.
#[test]
fn a_delegate_that_is_called_again_has_no_more_than_before() {
    needs_kernel!();
    let arena = Arena::with_grants(DELEGATE);
    accomplice(
        &arena,
        "[plugin.accomplice]\n[[plugin.accomplice.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = \
         [\"veth\"]\nnames = [\"veth*\"]\nmax = 3\n[[plugin.accomplice.grant]]\nallow = \"link.create\"\nin = \
         \"container\"\nkinds = [\"veth\"]\n",
    );
    // The caller makes one pair, and each delegate wants to.
    let pair = json!({ "do": "veth", "first": { "in": "host" }, "second": { "in": "container" } });
    let many = json!({ "do": "repeat", "times": 6, "calls": [{ "do": "delegate" }] });
    let mut config = config(&json!([pair, many]));
    config["ipam"]["type"] = json!("accomplice");
    config["undaunted"] = json!(true);
    let links = || arena.site.node().ip_json(&["link", "show", "type", "veth"]).len();
    let before = links();
    let _ = arena.site.add(&arena.container, &config);
    assert_eq!(links() - before, 4);
    arena.site.del(&arena.container, &config);
    arena.assert_untouched("delegates");
}
