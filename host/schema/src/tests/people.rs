//! What a schema says to people: keys that nobody reads, and the table of
//! fields.

use cofferdam_protocol::json::Node;

use super::{EXAMPLE, schema};

#[test]
fn the_name_of_the_address_management_plugin_is_nobodys_slip() {
    let configuration = Node::parse(r#"{"ipam":{"type":"pod-list","pool":1,"pols":2},"pool":{"type":"x"}}"#).unwrap();
    for additional in ["", r#","additionalProperties":false"#] {
        let text = format!(r#"{{"properties":{{"ipam":{{"properties":{{"pool":{{}}}}{additional}}},"pool":{{}}}}}}"#);
        let schema = schema(&text);
        let unknown = schema
            .unknown_keys(&configuration)
            .into_iter()
            .map(|unknown| unknown.path);
        let refused = schema.check(&configuration).into_iter().map(|violation| violation.path);
        let told: Vec<String> = unknown.chain(refused).collect();
        assert_eq!(told, ["ipam.pols"], "{text}");
    }
}

#[test]
fn keys_without_effect_are_told_with_those_that_there_are() {
    let configuration = r#"{"name":"n","args":{},"ISGATEWAY":true,"isGatway":true,"sysctl":{"x":"1"},
        "ipam":{"type":"t","anything":1,"ranges":[[{"subnets":"10.0.0.0/8"}]]}}"#;
    let unknown = schema(EXAMPLE).unknown_keys(&Node::parse(configuration).unwrap());
    let paths: Vec<&str> = unknown.iter().map(|unknown| unknown.path.as_str()).collect();
    assert_eq!(paths, ["isGatway", "ipam.ranges[0][0].subnets"]);
    assert!(unknown[0].known.contains(&"isGateway".to_owned()));
    assert_eq!(unknown[1].known, ["subnet", "gateway"]);
}

#[test]
fn the_fields_are_a_table() {
    let fields = schema(EXAMPLE).fields();
    let rows: Vec<String> = fields
        .iter()
        .map(|field| format!("{}|{}|{}|{}", field.path, field.kind, field.bounds, field.is_required))
        .collect();
    assert_eq!(
        rows,
        [
            "bridge|string|at most 15 characters|false",
            "mtu|integer|68 to 65535|false",
            "ratio|number||false",
            "isGateway|boolean||false",
            r#"mode|string|"l2" or "l3"|false"#,
            "mac|string|mac|false",
            "sysctl|object||false",
            "sysctl.*|string||false",
            "strict|object||false",
            "strict.one|anything||false",
            "strict.two|anything||false",
            "ipam|object||false",
            "ipam.ranges|list of lists of objects|at most 2 elements|false",
            "ipam.ranges[][].subnet|string|not empty, cidr|true",
            "ipam.ranges[][].gateway|string|ip|false",
        ]
    );
    assert_eq!(fields[0].default.as_deref(), Some(r#""cni0""#));
    assert_eq!(fields[0].description.as_deref(), Some("its name"));
}
