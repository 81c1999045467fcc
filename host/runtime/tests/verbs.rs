//! What is called, in which order, with what.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use cofferdam_protocol::{AttachmentKey, SpecVersion};
use cofferdam_runtime::RuntimeError;
use support::{Bench, json, network, request};

const FIRST: &str = r#"{"cniVersion":"1.0.0","interfaces":[{"name":"first"}]}"#;
const LAST: &str = r#"{"cniVersion":"1.0.0","interfaces":[{"name":"last"}]}"#;

fn chain() -> Bench {
    let bench = Bench::new();
    bench.obedient("one", FIRST).obedient("two", LAST);
    bench
}

#[test]
fn add_goes_forward_and_hands_each_result_on() {
    let bench = chain();
    let network = network("1.0.0", r#"[{"type":"one"},{"type":"two"}]"#);

    let result = bench.runtime().add(&network, &request()).unwrap();

    assert_eq!(bench.log(), ["ADD one", "ADD two"]);
    assert_eq!(bench.stdin("ADD", "one").get_exact("prevResult"), None);
    assert_eq!(bench.stdin("ADD", "two").get_exact("prevResult"), Some(&json(FIRST)));
    assert_eq!(result.attachment.interfaces[0].name, "last");
    assert_eq!(result.version, SpecVersion::V1_0_0);
}

#[test]
fn add_stops_at_the_first_failure_and_undoes_nothing() {
    let bench = chain();
    bench.plugin("bad", r#"echo '{"code":11,"msg":"later"}'; exit 1"#);
    let network = network("1.0.0", r#"[{"type":"one"},{"type":"bad"},{"type":"two"}]"#);

    let error = bench.runtime().add(&network, &request()).unwrap_err();

    assert_eq!(error.to_string(), "plugin type=\"bad\" failed (add): later");
    assert_eq!(error.cni().unwrap().code, 11);
    assert_eq!(bench.log(), ["ADD one"]);
    assert_eq!(bench.cache().load("net", &request().key()), None);
}

#[test]
fn every_plugin_gets_the_name_and_version_of_the_list() {
    let bench = chain();
    let network = network(
        "0.4.0",
        r#"[{"type":"one","name":"own","cniVersion":"9.9.9","extra":[1]}]"#,
    );
    bench.obedient("one", r#"{"ips":[]}"#);

    bench.runtime().add(&network, &request()).unwrap();

    let stdin = bench.stdin("ADD", "one");
    assert_eq!(stdin.get_exact("name"), Some(&json("\"net\"")));
    assert_eq!(stdin.get_exact("cniVersion"), Some(&json("\"0.4.0\"")));
    assert_eq!(stdin.get_exact("extra"), Some(&json("[1]")));
}

#[test]
fn the_attachment_is_in_the_environment() {
    let bench = Bench::new();
    bench.plugin(
        "env",
        r#"echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_ARGS $CNI_PATH" >>"$LOG"; echo '{}'"#,
    );
    let mut request = request();
    request.args = vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "x=y".to_owned())];

    bench
        .runtime()
        .add(&network("1.0.0", r#"[{"type":"env"}]"#), &request)
        .unwrap();

    let path = bench.path("bin").display().to_string();
    assert_eq!(bench.log(), [format!("ADD c1 /run/netns/c1 eth0 A=1;B=x=y {path}")]);
}

#[test]
fn a_plugin_gets_the_capability_arguments_that_it_declares() {
    let bench = chain();
    let network = network(
        "1.0.0",
        r#"[{"type":"one","capabilities":{"mac":true,"ips":false}},
            {"type":"two","runtimeConfig":{"own":1}}]"#,
    );
    let mut request = request();
    request.capability_args = Some(json(r#"{"mac":"02:00:00:00:00:01","ips":["10.0.0.1"],"dns":{}}"#));

    bench.runtime().add(&network, &request).unwrap();

    let runtime_config = |name| bench.stdin("ADD", name).get_exact("runtimeConfig").cloned();
    assert_eq!(runtime_config("one"), Some(json(r#"{"mac":"02:00:00:00:00:01"}"#)));
    assert_eq!(
        runtime_config("two"),
        Some(json(r#"{"own":1}"#)),
        "nothing applies, so the file's own stays"
    );
}

#[test]
fn del_goes_backward_with_the_result_of_add_and_forgets_it() {
    let bench = chain();
    let network = network("1.0.0", r#"[{"type":"one"},{"type":"two"}]"#);
    let runtime = bench.runtime();
    runtime.add(&network, &request()).unwrap();

    runtime.del(&network, &request()).unwrap();

    assert_eq!(bench.log(), ["ADD one", "ADD two", "DEL two", "DEL one"]);
    assert_eq!(bench.stdin("DEL", "one").get_exact("prevResult"), Some(&json(LAST)));
    assert_eq!(bench.cache().load("net", &request().key()), None);
}

#[test]
fn del_calls_every_plugin_and_reports_every_failure() {
    let bench = chain();
    bench.plugin(
        "bad",
        r#"echo "$CNI_COMMAND bad" >>"$LOG"; echo '{"code":100,"msg":"no"}'; exit 1"#,
    );
    let chain = network("1.0.0", r#"[{"type":"one"},{"type":"two"}]"#);
    let with_bad = network("1.0.0", r#"[{"type":"one"},{"type":"missing"},{"type":"bad"}]"#);
    let runtime = bench.runtime();
    runtime.add(&chain, &request()).unwrap();

    let error = runtime.del(&with_bad, &request()).unwrap_err();

    assert_eq!(bench.log(), ["ADD one", "ADD two", "DEL bad", "DEL one"]);
    let RuntimeError::Several(errors) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[0].to_string(), "plugin type=\"bad\" failed (delete): no");
    assert!(
        errors[1].to_string().contains("failed to find plugin \"missing\""),
        "{}",
        errors[1]
    );
    assert!(
        bench.cache().load("net", &request().key()).is_some(),
        "DEL can be repeated"
    );
}

#[test]
fn before_0_4_0_del_gets_no_result() {
    let bench = Bench::new();
    bench.obedient("one", r#"{"cniVersion":"0.3.1"}"#);
    let network = network("0.3.1", r#"[{"type":"one"}]"#);
    let runtime = bench.runtime();
    runtime.add(&network, &request()).unwrap();
    runtime.del(&network, &request()).unwrap();
    assert_eq!(bench.stdin("DEL", "one").get_exact("prevResult"), None);
}

#[test]
fn del_goes_on_without_a_cached_result_that_is_damaged() {
    for damaged in [
        "",
        "garbage",
        r#"{"kind":"cniCacheV1","result":{"cniVersion":"7.0.0"}}"#,
    ] {
        let bench = chain();
        let file = bench.path("cni/results/net-c1-eth0");
        support::write(&file, damaged);
        bench
            .runtime()
            .del(&network("1.0.0", r#"[{"type":"one"}]"#), &request())
            .unwrap();
        assert_eq!(bench.stdin("DEL", "one").get_exact("prevResult"), None, "{damaged}");
        assert!(!file.exists(), "{damaged}");
    }
}

#[test]
fn a_result_of_another_version_is_converted_before_it_is_handed_on() {
    let bench = Bench::new();
    let old = r#"{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24"}}"#;
    bench.obedient("old", old).obedient("new", LAST);
    let network = network("1.0.0", r#"[{"type":"old"},{"type":"new"}]"#);

    bench.runtime().add(&network, &request()).unwrap();

    let previous = bench.stdin("ADD", "new").get_exact("prevResult").cloned().unwrap();
    assert_eq!(
        previous,
        json(r#"{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]}"#)
    );
}

#[test]
fn a_result_without_a_version_has_that_of_the_list() {
    for (printed, handed_on) in [
        ("null", r#"{"cniVersion":"0.4.0"}"#),
        (r#"{"ips":[]}"#, r#"{"ips":[],"cniVersion":"0.4.0"}"#),
    ] {
        let bench = Bench::new();
        bench.obedient("one", printed).obedient("two", printed);
        let network = network("0.4.0", r#"[{"type":"one"},{"type":"two"}]"#);
        bench.runtime().add(&network, &request()).unwrap();
        assert_eq!(
            bench.stdin("ADD", "two").get_exact("prevResult"),
            Some(&json(handed_on))
        );
    }
}

#[test]
fn check_goes_forward_with_the_result_of_add() {
    let bench = chain();
    let network = network("1.0.0", r#"[{"type":"one"},{"type":"two"}]"#);
    let runtime = bench.runtime();
    runtime.add(&network, &request()).unwrap();
    runtime.check(&network, &request()).unwrap();
    assert_eq!(bench.log()[2..], ["CHECK one", "CHECK two"]);
    assert_eq!(bench.stdin("CHECK", "one").get_exact("prevResult"), Some(&json(LAST)));
}

#[test]
fn check_needs_a_version_that_has_it_and_can_be_switched_off() {
    let bench = chain();
    let old = network("0.3.1", r#"[{"type":"one"}]"#);
    let error = bench.runtime().check(&old, &request()).unwrap_err();
    assert!(
        error.to_string().contains("does not support the CHECK command"),
        "{error}"
    );

    let mut off = network("1.0.0", r#"[{"type":"one"}]"#);
    off.disable_check = true;
    bench.runtime().check(&off, &request()).unwrap();
    assert_eq!(bench.log(), [""; 0]);
}

#[test]
fn gc_detaches_what_is_not_valid_and_tells_every_plugin() {
    let bench = Bench::new();
    bench.obedient("one", r#"{"cniVersion":"1.1.0"}"#);
    let network = network("1.1.0", r#"[{"type":"bad"},{"type":"one"}]"#);
    bench.plugin(
        "bad",
        r#"if [ "$CNI_COMMAND" = GC ]; then echo "GC bad" >>"$LOG"; echo '{"code":100,"msg":"no"}'; exit 1; fi; echo '{}'"#,
    );
    let runtime = bench.runtime();
    let mut stale = request();
    stale.container_id = "stale".to_owned();
    runtime.add(&network, &request()).unwrap();
    runtime.add(&network, &stale).unwrap();

    let error = runtime.gc(&network, Some(&[request().key()])).unwrap_err();

    assert_eq!(error.to_string(), "plugin type=\"bad\" failed (gc): no");
    assert_eq!(bench.log(), ["ADD one", "ADD one", "DEL one", "GC bad", "GC one"]);
    let valid = json(r#"[{"containerID":"c1","ifname":"eth0"}]"#);
    for key in ["cni.dev/valid-attachments", "cni.dev/attachments"] {
        assert_eq!(bench.stdin("GC", "one").get_exact(key), Some(&valid));
    }
    let left: Vec<AttachmentKey> = bench
        .cache()
        .attachments("net")
        .iter()
        .map(|attachment| attachment.request.key())
        .collect();
    assert_eq!(left, [request().key()]);
}

#[test]
fn gc_of_an_old_version_detaches_but_calls_no_gc() {
    let bench = Bench::new();
    bench.obedient("one", r#"{"cniVersion":"0.4.0"}"#);
    let mut network = network("0.4.0", r#"[{"type":"one"}]"#);
    let runtime = bench.runtime();
    runtime.add(&network, &request()).unwrap();

    network.disable_gc = true;
    runtime.gc(&network, None).unwrap();
    assert_eq!(bench.log(), ["ADD one"]);

    network.disable_gc = false;
    runtime.gc(&network, None).unwrap();
    assert_eq!(bench.log(), ["ADD one", "DEL one"]);
}

#[test]
fn status_stops_at_the_first_that_is_not_ready() {
    let bench = chain();
    bench.plugin("bad", r#"echo '{"code":50,"msg":"not ready"}'; exit 1"#);
    let runtime = bench.runtime();
    let error = runtime
        .status(&network("1.1.0", r#"[{"type":"one"},{"type":"bad"},{"type":"two"}]"#))
        .unwrap_err();
    assert_eq!(error.cni().unwrap().code, 50);
    assert_eq!(bench.log(), ["STATUS one"]);
    runtime.status(&network("1.0.0", r#"[{"type":"bad"}]"#)).unwrap();
}

/// With a plugin that knows VERSION, and one that is from before it.
fn of_two_ages() -> Bench {
    let bench = Bench::new();
    bench.plugin(
        "new",
        r#"echo '{"cniVersion":"1.1.0","supportedVersions":["1.0.0","1.1.0"]}'"#,
    );
    bench.plugin(
        "old",
        r#"echo '{"code":4,"msg":"unknown CNI_COMMAND: VERSION"}'; exit 1"#,
    );
    bench
}

#[test]
fn version_asks_the_plugin() {
    let bench = of_two_ages();
    assert_eq!(bench.runtime().version("new").unwrap(), ["1.0.0", "1.1.0"]);
    assert_eq!(bench.runtime().version("old").unwrap(), ["0.1.0"]);
    assert!(bench.runtime().version("missing").is_err());
}

#[test]
fn names_that_are_not_valid_reach_no_plugin() {
    let bench = chain();
    let good = network("1.0.0", r#"[{"type":"one"}]"#);
    let mut bad_name = good.clone();
    bad_name.name = "../x".to_owned();
    let id = |id: &str| cofferdam_runtime::AttachmentRequest {
        container_id: id.to_owned(),
        ..request()
    };
    let interface = |name: &str| cofferdam_runtime::AttachmentRequest {
        interface_name: name.to_owned(),
        ..request()
    };
    for (network, request, code) in [
        (&good, id("../c"), 4),
        (&good, id(""), 3),
        (&good, interface("a/b"), 4),
        (&bad_name, request(), 7),
    ] {
        assert_eq!(
            bench.runtime().add(network, &request).unwrap_err().cni().unwrap().code,
            code
        );
        assert_eq!(
            bench.runtime().del(network, &request).unwrap_err().cni().unwrap().code,
            code
        );
    }
    assert_eq!(bench.log(), [""; 0]);
}

#[test]
fn a_list_of_an_unknown_version_is_refused_on_add_and_served_on_del() {
    let bench = chain();
    let network = network("9.9.9", r#"[{"type":"one"}]"#);
    assert!(matches!(
        bench.runtime().add(&network, &request()),
        Err(RuntimeError::Version { .. })
    ));
    bench.runtime().del(&network, &request()).unwrap();
    assert_eq!(bench.log(), ["DEL one"]);
}

#[test]
fn a_network_is_valid_where_all_plugins_speak_its_version() {
    let bench = of_two_ages();
    let runtime = bench.runtime();
    let plugins = r#"[{"type":"new","capabilities":{"portMappings":true,"mac":true,"ips":false}},
                      {"type":"new","capabilities":{"mac":true}}]"#;
    assert_eq!(
        runtime.validate(&network("1.0.0", plugins)).unwrap(),
        ["mac", "portMappings"]
    );
    runtime.validate(&network("", r#"[{"type":"old"}]"#)).unwrap();

    let error = runtime
        .validate(&network(
            "1.0.0",
            r#"[{"type":"old"},{"type":"missing"},{"type":"new"}]"#,
        ))
        .unwrap_err();
    let RuntimeError::Several(errors) = error else {
        panic!("{error:?}")
    };
    assert_eq!(errors.len(), 2);
    assert_eq!(
        errors[0].to_string(),
        "plugin old does not support config version \"1.0.0\""
    );
    assert!(errors[1].to_string().contains("failed to find plugin \"missing\""));
}

#[test]
fn a_plugin_gets_variables_of_the_runtime_besides_those_of_cni() {
    let bench = Bench::new();
    bench.plugin("env", r#"echo "$TRACEPARENT $CNI_COMMAND" >>"$LOG"; echo '{}'"#);
    bench
        .runtime()
        .with_variable("TRACEPARENT", "00-1-2-01")
        .with_variable("CNI_COMMAND", "DEL")
        .add(&network("1.0.0", r#"[{"type":"env"}]"#), &request())
        .unwrap();
    assert_eq!(bench.log(), ["00-1-2-01 ADD"]);
}
