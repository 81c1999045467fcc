use cofferdam_journal::Operation;
use cofferdam_network::LinkId;
use cofferdam_protocol::Place;
use serde_json::{Value, json};

use super::{SANDBOX, Scene, attachment, eth0, on_eth0};
use crate::verify::Truth;

/// `net0` with its address, made by an earlier plugin of a list, and something
/// that the host can't look at.
fn by_others() -> Value {
    json!({
        "interfaces": [
            { "name": "net0", "sandbox": SANDBOX },
            { "name": "vhost0", "sandbox": SANDBOX, "socketPath": "/run/vhost.sock" },
            { "name": "up0" },
        ],
        "ips": [{ "address": "10.33.0.5/16", "interface": 0 }, { "address": "10.44.0.5/16", "interface": 1 }],
        "routes": [{ "dst": "198.51.100.0/24", "gw": "10.44.0.1" }],
    })
}

#[test]
fn what_others_made_may_be_passed_on_left_out_and_added_to() {
    let given = by_others();
    let mut added = given.clone();
    added["interfaces"].as_array_mut().unwrap().insert(0, eth0());
    added["ips"] = json!([
        { "address": "10.22.0.5/16", "interface": 0 },
        { "address": "10.33.0.5/16", "interface": 1 },
        { "address": "10.44.0.5/16", "interface": 2 },
    ]);
    let mut with_mac = given.clone();
    with_mac["interfaces"][0]["mac"] = json!("02:00:00:00:00:04");
    with_mac["interfaces"][2]["mtu"] = json!(1500);
    for result in [given.clone(), json!({}), added, with_mac] {
        Scene::new().after(given.clone()).is_true(&result);
    }
}

#[test]
fn what_others_made_is_not_changed_into_an_untruth() {
    for (path, value, words) in [
        ("/interfaces/0/mac", json!("02:00:00:00:00:05"), "but has"),
        ("/interfaces/0/mtu", json!(9000), "MTU of 9000"),
        ("/interfaces/0/name", json!("eth0"), "10.33.0.5/16 is not on interface"),
        ("/interfaces/1/socketPath", json!("/run/mine.sock"), "handed out none"),
        ("/ips/0/address", json!("10.33.0.6/16"), "is not on interface"),
        ("/ips/0/gateway", json!("192.0.2.1"), "the gateway"),
        ("/ips/1/interface", json!(0), "is not on interface"),
        ("/ips/1/address", json!("10.44.0.6/16"), "handed out none"),
        ("/routes/0/gw", json!("10.44.0.2"), "is not in table"),
    ] {
        let mut result = by_others();
        let (parent, key) = path.rsplit_once('/').unwrap();
        result.pointer_mut(parent).unwrap()[key] = value;
        Scene::new().after(by_others()).is_untrue(&result, words);
    }
}

#[test]
fn what_was_taken_away_is_not_passed_on() {
    let mut scene = Scene::new().after(json!({
        "interfaces": [{ "name": "net0", "sandbox": SANDBOX }],
        "ips": [{ "address": "10.33.0.7/16", "interface": 0 }],
    }));
    let given = json!({
        "interfaces": [{ "name": "net0", "sandbox": SANDBOX }],
        "ips": [{ "address": "10.33.0.7/16", "interface": 0 }],
    });
    scene.is_true(&given);
    scene.deeds.note(&Operation::DeleteAddress {
        link: LinkId {
            place: Place::Container,
            index: 4,
        },
        name: "net0".to_owned(),
        address: "10.33.0.7/16".parse().unwrap(),
    });
    scene.is_untrue(&given, "is not on interface");
}

/// As in the first versions of results, and wherever somebody leaves them out.
#[test]
fn routes_of_a_result_without_interfaces_are_looked_for_on_all_of_the_container() {
    let routes = |destinations: &[&str]| -> Value {
        let routes: Vec<Value> = destinations.iter().map(|dst| json!({ "dst": dst })).collect();
        json!({ "routes": routes })
    };
    let given = routes(&["0.0.0.0/0", "10.33.0.0/16", "198.51.100.0/24"]);
    // What claims addresses is for its caller to set.
    let mut scene = Scene::new().after(given.clone());
    scene.claimed.clear();
    scene.is_true(&given);
    let eth0 = scene.picture.id("eth0");
    scene.deeds.show(eth0, "eth0");
    scene.deeds.note(&Operation::SetLinkMtu {
        link: eth0,
        name: "eth0".to_owned(),
        mtu: 1400,
    });

    scene.is_true(&routes(&["0.0.0.0/0", "10.33.0.0/16"]));
    scene.is_true(&routes(&["0.0.0.0/0", "192.0.2.0/24"]));
    scene.is_untrue(&given, "198.51.100.0/24 is not in table 254");
    let mut alone = Scene::new();
    alone.claimed.clear();
    alone.is_untrue(&routes(&["10.33.0.0/16"]), "10.33.0.0/16 is not in table 254");
}

#[test]
fn check_looks_at_links_and_leaves_others_things_to_others() {
    let mut picture = Scene::new().picture;
    let mut check =
        |result: Value| Truth::new(&mut picture, Some(SANDBOX)).check_interfaces_and_addresses(&attachment(&result));
    assert_eq!(check(by_others()), Ok(()));
    assert!(check(json!({ "interfaces": [{ "name": "gone0" }] })).is_err());
    assert!(check(on_eth0(json!({ "address": "10.22.0.7/16", "interface": 0 }))).is_err());
}
