use cofferdam_tests::{Container, Output, bridge_network, with};
use serde_json::{Value, json};

use crate::workplace::Workplace;

/// Address management alone, as a main plugin calls it.
fn config(addresses: Value) -> Value {
    json!({ "cniVersion": "1.1.0", "name": "listed", "type": "bridge",
        "ipam": { "type": "list-ipam", "addresses": addresses } })
}

fn two() -> Value {
    config(json!(["10.9.0.2/24", "10.9.0.7/24"]))
}

fn call(workplace: &Workplace, verb: &str, id: &str, config: &Value) -> Output {
    let site = &workplace.site;
    // No namespace is touched; any will do.
    let container = Container::new(id);
    // The name that a delegate is executed by.
    let config = with(config.clone(), json!({ "type": "cofferdam", "plugin": "list-ipam" }));
    site.call(verb, &container, &config).plugin("cofferdam").run()
}

fn network(verb: &str, valid: &[&str]) -> Value {
    let attachments: Vec<Value> = valid
        .iter()
        .map(|id| json!({ "containerID": id, "ifname": "eth0" }))
        .collect();
    match verb {
        "GC" => with(two(), json!({ "cni.dev/valid-attachments": attachments })),
        _ => two(),
    }
}

pub(crate) fn addresses_are_given_out_in_order_and_again_when_free(workplace: &Workplace) {
    let given = |id: &str| call(workplace, "ADD", id, &two()).result();
    assert_eq!(
        given("a"),
        json!({ "cniVersion": "1.1.0", "ips": [{ "address": "10.9.0.2/24" }] })
    );
    assert_eq!(given("b")["ips"], json!([{ "address": "10.9.0.7/24" }]));
    assert_eq!(workplace.site.leased("listed"), ["10.9.0.2", "10.9.0.7"]);
    let error = call(workplace, "ADD", "c", &two()).error();
    assert_eq!(
        (error.code, error.message.as_str()),
        (11, "all addresses of network \"listed\" are taken")
    );
    call(workplace, "DEL", "a", &two()).silent_success();
    assert_eq!(workplace.site.leased("listed"), ["10.9.0.7"]);
    assert_eq!(given("c")["ips"], json!([{ "address": "10.9.0.2/24" }]));
    for id in ["a", "b", "c", "never"] {
        call(workplace, "DEL", id, &two()).silent_success();
    }
    assert!(workplace.site.leased("listed").is_empty());
}

pub(crate) fn a_main_plugin_delegates_to_it(workplace: &Workplace) {
    let site = &workplace.site;
    let ipam = json!({ "ipam": { "type": "list-ipam", "addresses": ["10.9.1.2/24"], "subnet": null, "routes": null } });
    let network = with(bridge_network("1.1.0"), ipam);
    let container = Container::new("c1");
    let result = site.add(&container, &network);
    assert_eq!(result["ips"][0]["address"], "10.9.1.2/24");
    assert_eq!(container.namespace.addresses("eth0")[0], "10.9.1.2/24");
    site.check(&container, &network, &result).silent_success();
    site.del(&container, &network);
    assert!(site.leased("mynet").is_empty());
}

pub(crate) fn check_and_status_tell_what_is_missing(workplace: &Workplace) {
    let error = call(workplace, "CHECK", "a", &with(two(), previous("10.9.0.2/24"))).error();
    assert_eq!(
        (error.code, error.message.as_str()),
        (107, "the attachment has no address on record")
    );
    call(workplace, "STATUS", "a", &network("STATUS", &[])).silent_success();
    let ids = ["a", "b"];
    for id in ids {
        let result = call(workplace, "ADD", id, &two()).result();
        let checked = with(two(), json!({ "prevResult": result }));
        call(workplace, "CHECK", id, &checked).silent_success();
    }
    let error = call(workplace, "STATUS", "a", &network("STATUS", &[])).error();
    assert_eq!(
        (error.code, error.message.as_str()),
        (50, "all addresses of network \"listed\" are taken")
    );
    for id in ids {
        call(workplace, "DEL", id, &two()).silent_success();
    }
}

fn previous(address: &str) -> Value {
    json!({ "prevResult": { "cniVersion": "1.1.0", "ips": [{ "address": address }] } })
}

pub(crate) fn gc_gives_up_what_is_no_longer_valid(workplace: &Workplace) {
    for id in ["a", "b"] {
        let _ = call(workplace, "ADD", id, &two()).result();
    }
    call(workplace, "GC", "a", &network("GC", &["b"])).silent_success();
    assert_eq!(workplace.site.leased("listed"), ["10.9.0.7"]);
    call(workplace, "DEL", "b", &two()).silent_success();
}

pub(crate) fn a_configuration_without_sense_is_refused_by_name(workplace: &Workplace) {
    for (addresses, message) in [
        (json!(null), "ipam.addresses is missing or empty"),
        (json!([]), "ipam.addresses is missing or empty"),
        (
            json!(["10.9.0.2/24", "10.9.0"]),
            "ipam.addresses: \"10.9.0\" is no IPv4 address with a prefix length, as 10.1.2.3/24",
        ),
        (
            json!(["10.9.0.256/24"]),
            "ipam.addresses: \"10.9.0.256/24\" is no IPv4 address with a prefix length, as 10.1.2.3/24",
        ),
        (
            json!(["10.9.0.2/33"]),
            "ipam.addresses: \"10.9.0.2/33\" is no IPv4 address with a prefix length, as 10.1.2.3/24",
        ),
    ] {
        let error = call(workplace, "ADD", "a", &config(addresses)).error();
        assert_eq!((error.code, error.message.as_str()), (7, message));
    }
    assert!(workplace.site.leased("listed").is_empty());
}
