use super::config;
use crate::{
    PluginConfig,
    config::{AttachmentKey, Injection, Program},
    json::Node,
};

#[test]
fn an_injection_overrides_what_is_the_runtimes_to_say() {
    let plugin = Node::parse(
        r#"{"type":"portmap","Name":"other","cniVersion":"0.1.0","snat":true,
            "capabilities":{"portMappings":true,"mac":false},"runtimeConfig":{"old":1}}"#,
    )
    .unwrap();
    let offered = Node::parse(r#"{"portMappings":[{"hostPort":80}],"mac":"x","ips":[]}"#).unwrap();
    let nothing = Node::parse(r#"{"ips":[]}"#).unwrap();
    let valid = [AttachmentKey {
        container_id: "a".to_owned(),
        interface_name: "eth0".to_owned(),
    }];
    let injection = Injection {
        name: "n",
        version: "1.1.0",
        previous: Some(&Node::Object(Vec::new())),
        capability_args: Some(&offered),
        valid_attachments: Some(&valid),
    };
    assert_eq!(
        injection.apply(&plugin).unwrap().text(),
        r#"{"type":"portmap","snat":true,"capabilities":{"portMappings":true,"mac":false},"cniVersion":"1.1.0","name":"n","prevResult":{},"runtimeConfig":{"portMappings":[{"hostPort":80}]},"cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth0"}],"cni.dev/attachments":[{"containerID":"a","ifname":"eth0"}]}"#
    );
    let bare = Injection {
        previous: None,
        capability_args: Some(&nothing),
        valid_attachments: None,
        ..injection
    };
    assert_eq!(
        bare.apply(&plugin).unwrap().runtime_config().unwrap().as_deref(),
        Some(r#"{"old":1}"#)
    );
}

#[test]
fn the_type_names_the_program() {
    for (keys, name) in [
        (r#""type":"bridge","plugin":"ptp""#, "bridge"),
        (r#""type":"cofferdam","plugin":"ptp""#, "ptp"),
    ] {
        let program = config(&format!(r#"{{"name":"n",{keys}}}"#)).program();
        assert_eq!(program, Ok(Program::Named(name.to_owned())));
    }
}

fn members(text: &str) -> Vec<PluginConfig> {
    match config(text).program().unwrap() {
        Program::Chain(members) => members,
        Program::Named(name) => panic!("no chain, but {name}"),
    }
}

#[test]
fn the_members_of_a_chain_get_configurations_of_their_own() {
    let members = members(
        r#"{"name":"n","cniVersion":"1.0.0","type":"cofferdam","chain":[
            {"type":"bridge","ipam":{"type":"host-local"},"name":"x","prevResult":{"a":1}},
            {"type":"portmap","capabilities":{"portMappings":true}}],
            "capabilities":{"portMappings":true,"mac":true},
            "runtimeConfig":{"portMappings":[],"mac":"x"}}"#,
    );
    let texts: Vec<&str> = members.iter().map(PluginConfig::text).collect();
    assert_eq!(
        texts,
        [
            r#"{"type":"bridge","ipam":{"type":"host-local"},"cniVersion":"1.0.0","name":"n"}"#,
            r#"{"type":"portmap","capabilities":{"portMappings":true},"cniVersion":"1.0.0","name":"n","runtimeConfig":{"portMappings":[]}}"#,
        ]
    );
}

#[test]
fn the_members_of_a_chain_are_told_what_the_whole_was_told() {
    let members = members(
        r#"{"name":"n","type":"cofferdam","chain":[{"type":"bridge"}],"prevResult":{"ip4":null},
            "cni.dev/valid-attachments":[]}"#,
    );
    assert_eq!(
        members[0].text(),
        r#"{"type":"bridge","cniVersion":"0.1.0","name":"n","prevResult":{"ip4":null},"cni.dev/valid-attachments":[],"cni.dev/attachments":[]}"#
    );
}

#[test]
fn a_program_that_makes_no_sense_is_refused() {
    for (keys, code, message) in [
        (
            r#""x":1"#,
            7,
            "a configuration of type \"cofferdam\" needs \"plugin\" (a name) or \"chain\" (a list \
             of plugin configurations)",
        ),
        (
            r#""plugin":"a","chain":[{"type":"a"}]"#,
            7,
            "a configuration of type \"cofferdam\" has either \"plugin\" or \"chain\", not both",
        ),
        (
            r#""plugin":"cofferdam""#,
            7,
            "plugin: \"cofferdam\" can't run itself; name the plugin to run",
        ),
        (r#""plugin":"../a""#, 7, "plugin: \"../a\" is no plugin name"),
        (r#""plugin":"""#, 7, "plugin: \"\" is no plugin name"),
        (
            r#""chain":[]"#,
            7,
            "chain: the list is empty; it has to name at least one plugin",
        ),
        (
            r#""chain":[{"type":"a"},5]"#,
            7,
            "chain[1]: expected an object, found 5",
        ),
        (r#""chain":[{}]"#, 7, "chain[0]: the configuration has no \"type\""),
        (
            r#""chain":[{"type":"a"},{"type":"a/b"}]"#,
            7,
            "chain[1]: type: \"a/b\" is no plugin name",
        ),
        (
            r#""chain":[{"type":"a","ipam":{"type":"/b"}}]"#,
            7,
            "chain[0]: ipam.type: \"/b\" is no plugin name",
        ),
        (
            r#""chain":[{"type":"cofferdam","chain":[{"type":"a"}]}]"#,
            7,
            "chain[0]: a chain can't hold another chain",
        ),
        (r#""chain":{}"#, 6, "failed to decode the network configuration"),
    ] {
        let config = config(&format!(r#"{{"name":"n","type":"cofferdam",{keys}}}"#));
        let error = config.program().unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (code, message), "{keys}");
    }
}
