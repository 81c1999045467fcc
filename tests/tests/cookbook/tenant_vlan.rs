use cofferdam_tests::{
    Container, EchoServer, Output, Site, answers, has_vlan_filtering, is_silent, needs_kernel, with,
};
use serde_json::{Value, json};

use crate::recipe::Recipe;

const RECIPE: Recipe = Recipe("tenant-vlan");
const DENIED: u64 = 100;

#[test]
fn the_scenarios_pass() {
    RECIPE.passes();
}

/// A call for a pod of a tenant, as containerd makes it.
fn call(site: &Site, verb: &str, container: &Container, tenant: &str, config: &Value) -> Output {
    let args = format!("IgnoreUnknown=1;K8S_POD_NAMESPACE={tenant};K8S_POD_NAME=web");
    site.call(verb, container, config).args(&args).run()
}

#[test]
fn tenants_reach_their_own_and_nobody_else() {
    needs_kernel!();
    if !has_vlan_filtering() {
        return;
    }
    let site = Site::new();
    RECIPE.install(&site);
    let config = RECIPE.example(&[]);
    let before = site.snapshot();
    let pods = [("c1", "team-a"), ("c2", "team-a"), ("c3", "team-b")].map(|(id, tenant)| (Container::new(id), tenant));

    let results: Vec<Value> = pods
        .iter()
        .map(|(container, tenant)| call(&site, "ADD", container, tenant, &config).result())
        .collect();

    let server = EchoServer::start(&pods[0].0.namespace);
    assert!(
        answers(&pods[1].0.namespace, "10.22.0.2", &server),
        "of the same tenant"
    );
    assert!(
        is_silent(&pods[2].0.namespace, "10.22.0.2", &server),
        "of another tenant"
    );
    for ((container, tenant), result) in pods.iter().zip(&results) {
        let config = with(config.clone(), json!({ "prevResult": result }));
        call(&site, "CHECK", container, tenant, &config).silent_success();
    }
    let port = results[2]["interfaces"][0]["name"].as_str().unwrap();
    site.node().tool(
        "bridge",
        &["vlan", "add", "dev", port, "vid", "100", "pvid", "untagged"],
    );
    let moved = with(config.clone(), json!({ "prevResult": results[2] }));
    let error = call(&site, "CHECK", &pods[2].0, "team-b", &moved).error();
    assert!(error.text().contains("VLAN 200"), "{error:?}");
    for (container, tenant) in &pods {
        call(&site, "DEL", container, tenant, &config).silent_success();
    }
    before.assert_same(&site.snapshot());
}

#[test]
fn a_map_does_not_put_a_tenant_into_the_vlan_of_another() {
    needs_kernel!();
    if !has_vlan_filtering() {
        return;
    }
    let site = Site::new();
    RECIPE.install(&site);
    let wrong = RECIPE.example(&[json!({ "vlans": { "team-b": 100 } })]);
    let container = Container::new("c1");
    let before = site.snapshot();

    let error = call(&site, "ADD", &container, "team-b", &wrong).error();

    assert_eq!(error.code, DENIED, "{error:?}");
    assert!(error.text().contains("VLAN 100"), "{error:?}");
    before.assert_same(&site.snapshot());
}
