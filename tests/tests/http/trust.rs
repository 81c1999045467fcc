//! Whose certificates count.

use cofferdam_tests::{Authority, Service, needs_kernel};

use crate::node::{ADDRESS, Node, TOKEN, TOLD, get, respond};

fn secure(node: &Node, authority: &Authority) -> Service {
    Service::start_secure(node.site.node(), ADDRESS, authority, |_, out| respond(out, 200, "ok"))
}

#[test]
fn a_service_of_the_operators_authority_is_asked_by_https() {
    needs_kernel!();
    let node = Node::new();
    let authority = Authority::new(&format!("IP:{ADDRESS}"));
    let service = secure(&node, &authority);
    let origin = format!("https://{}", service.address());
    node.authority("lab", &authority.pem());
    node.credential("ipam", TOKEN);
    node.grant(&format!(
        "origins = [\"{origin}\"]\nmethods = [\"GET\"]\nca = \"lab\"\ncredential = \"ipam\""
    ));
    let told = node.ask(&get(&origin));
    assert_eq!(told.code, TOLD, "{told:?}");
    assert!(told.message.contains("(200, 2, "), "{told:?}");
    assert_eq!(
        service.asked()[0].header("authorization").unwrap(),
        format!("Bearer {TOKEN}")
    );
}

#[test]
fn without_an_authority_of_its_own_the_nodes_list_counts() {
    needs_kernel!();
    let node = Node::new();
    let authority = Authority::new(&format!("IP:{ADDRESS}"));
    let service = secure(&node, &authority);
    let origin = format!("https://{}", service.address());
    node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]"));
    let refused = node.ask(&get(&origin));
    assert!(
        refused.text().contains("install ca-certificates") && refused.text().contains("errno 126"),
        "{refused:?}"
    );
    let list = node.site.installation().root().join("etc/ssl/certs");
    std::fs::create_dir_all(&list).unwrap();
    let others = Authority::new("DNS:other.example").pem();
    std::fs::write(list.join("ca-certificates.crt"), format!("{others}{}", authority.pem())).unwrap();
    let told = node.ask(&get(&origin));
    assert!(told.message.contains("(200, 2, "), "{told:?}");
}

#[test]
fn a_service_that_is_not_who_it_should_be_gets_nothing() {
    needs_kernel!();
    let node = Node::new();
    let trusted = Authority::new(&format!("IP:{ADDRESS}"));
    let stranger = Authority::new(&format!("IP:{ADDRESS}"));
    let misnamed = Authority::new("DNS:ipam.example,IP:10.99.0.2");
    node.credential("ipam", TOKEN);
    node.authority("trusted", &trusted.pem());
    node.authority("misnamed", &misnamed.pem());
    for (server, ca) in [(&stranger, "trusted"), (&misnamed, "misnamed")] {
        let service = secure(&node, server);
        let origin = format!("https://{}", service.address());
        node.grant(&format!(
            "origins = [\"{origin}\"]\nmethods = [\"GET\"]\nca = \"{ca}\"\ncredential = \"ipam\""
        ));
        let refused = node.ask(&get(&origin));
        assert!(refused.message.contains("not to be trusted"), "{refused:?}");
        assert!(refused.details.contains("errno 129"), "{refused:?}");
        assert_eq!(service.asked(), []);
    }
    // TLS to who speaks none, and the other way round.
    let plain = node.friendly();
    let tls = secure(&node, &trusted);
    for origin in [
        format!("https://{}", plain.address()),
        format!("http://{}", tls.address()),
    ] {
        node.grant(&format!(
            "origins = [\"{origin}\"]\nmethods = [\"GET\"]\nca = \"trusted\"\ncredential = \"ipam\""
        ));
        let refused = node.ask(&get(&origin));
        assert_eq!(refused.code, TOLD, "{refused:?}");
        assert!(!refused.message.contains("(200, "), "{refused:?}");
    }
}

#[test]
fn an_authority_that_is_none_is_told_of() {
    needs_kernel!();
    let node = Node::new();
    node.grant("origins = [\"https://10.99.0.1\"]\nmethods = [\"GET\"]\nca = \"lab\"");
    let refused = node.ask(&get("https://10.99.0.1"));
    assert!(
        refused
            .message
            .contains("authorities/lab.pem can't be used: No such file"),
        "{refused:?}"
    );
    node.authority("lab", "not PEM\n");
    let refused = node.ask(&get("https://10.99.0.1"));
    assert!(refused.message.contains("no certificate in it"), "{refused:?}");
}
