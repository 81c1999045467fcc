//! What a plan says of what it can't go through with.

use cofferdam_tests::{Installation, Site, needs_kernel};
use serde_json::json;

use crate::bench::{Bench, bridge, list, text};

#[test]
fn what_is_not_granted_is_told_and_planned_as_if_it_were() {
    needs_kernel!();
    let installation = Installation::without_policies();
    installation.policy(
        "bridge.toml",
        "[plugin.bridge]\n[[plugin.bridge.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = [\"bridge\"]\n\
         names = [\"cni*\"]\n",
    );
    let bench = Bench::on(Site::with(installation));
    bench.configure(&list(&[bridge(false)]));

    let planned = bench.plan(&[]);

    assert_eq!(planned["succeeds"], false, "{planned:#}");
    let refused = planned["refused"].to_string();
    assert!(refused.contains("host-local"), "{planned:#}");
    let create = &planned["operations"][0];
    assert_eq!(
        create["operation"], "create bridge cni0 in the host namespace",
        "{planned:#}"
    );
    assert_eq!(create["takes"][0]["granted_by"][0]["line"], 2, "{planned:#}");
    let veth = planned["operations"].as_array().unwrap().iter();
    let mut veth = veth.filter(|entry| text(&entry["operation"]).starts_with("create veth pair"));
    let missing = text(&veth.next().unwrap()["takes"][0]["missing"]);
    assert!(missing.contains("allow = \"link.create\""), "{missing}");
    assert_eq!(
        planned["end"]["result"]["ips"][0]["address"], "10.22.0.2/16",
        "{planned:#}"
    );
    let words = bench.site.cofferctl(&["plan", bench.file().to_str().unwrap()]);
    assert_eq!(words.code, Some(1), "{words:?}");
    assert!(words.stdout.contains("NOT GRANTED: needs {"), "{}", words.stdout);
}

#[test]
fn a_plan_ends_where_what_comes_next_is_not_known() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure(&list(&[
        bridge(false),
        json!({ "type": "somebody-elses" }),
        json!({ "type": "tuning" }),
    ]));

    let planned = bench.plan(&[]);

    assert_eq!(planned["end"]["unknown"], "somebody-elses", "{planned:#}");
    assert_eq!(planned["succeeds"], false, "{planned:#}");
    let plugins = planned["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| text(&entry["plugin"]));
    assert!(plugins.into_iter().all(|plugin| plugin != "tuning"), "{planned:#}");
}
