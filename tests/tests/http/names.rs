//! Names, and the addresses that they may stand for.

use std::fs;

use cofferdam_tests::{Authority, Service, needs_kernel, with_own_mounts};
use nix::mount::{MsFlags, mount};
use tempfile::TempDir;

use crate::node::{ADDRESS, Node, get, respond};

const DENIED: u64 = 100;
const NOT_FOUND: u64 = 101;

/// Has the node resolve names by this file alone.
fn resolve_by(directory: &TempDir, hosts: &str) {
    for (name, text) in [
        ("hosts", hosts),
        ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"),
    ] {
        let file = directory.path().join(name);
        fs::write(&file, text).unwrap();
        let place = fs::canonicalize(format!("/etc/{name}")).unwrap();
        mount(Some(&file), &place, None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
    }
}

#[test]
fn a_name_leads_to_the_service() {
    needs_kernel!();
    let directory = TempDir::with_prefix("cofferdam-test-").unwrap();
    with_own_mounts(|| {
        resolve_by(&directory, &format!("{ADDRESS} ipam.example\n"));
        let node = Node::new();
        let authority = Authority::new("DNS:ipam.example");
        let service = Service::start_secure(node.site.node(), ADDRESS, &authority, |_, out| respond(out, 200, "ok"));
        node.authority("lab", &authority.pem());
        let origin = format!("https://ipam.example:{}", service.address().port());
        node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]\nca = \"lab\""));
        let told = node.ask(&get(&origin));
        assert!(told.message.contains("(200, 2, "), "{told:?}");
        let asked = service.asked();
        assert_eq!(asked[0].header("host"), Some(origin.trim_start_matches("https://")));
    });
}

#[test]
fn a_name_does_not_lead_to_what_is_no_service() {
    needs_kernel!();
    let directory = TempDir::with_prefix("cofferdam-test-").unwrap();
    with_own_mounts(|| {
        resolve_by(
            &directory,
            "169.254.169.254 metadata.example\nfd00:ec2::254 metadata6.example\n127.0.0.1 local.example\n\
             ::1 local6.example\n0.0.0.0 nowhere.example\n::ffff:127.0.0.1 mapped.example\n\
             127.0.0.1 both.example\n10.99.0.1 both.example\n127.0.0.1 localhost\n",
        );
        let node = Node::new();
        node.site
            .node()
            .ip(&["address", "add", "169.254.169.254/32", "dev", "lo"]);
        let local = Service::start(node.site.node(), "127.0.0.1", |_, out| respond(out, 200, "local"));
        let metadata = Service::start(node.site.node(), "169.254.169.254", |_, out| {
            respond(out, 200, "secrets")
        });
        for (name, port) in [
            ("metadata.example", metadata.address().port()),
            ("metadata6.example", 80),
            ("local.example", local.address().port()),
            ("local6.example", local.address().port()),
            ("nowhere.example", local.address().port()),
            ("mapped.example", local.address().port()),
        ] {
            let origin = format!("http://{name}:{port}");
            node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]"));
            let refused = node.ask(&get(&origin));
            assert_eq!(refused.code, DENIED, "{name}: {refused:?}");
            assert!(refused.text().contains("no service's address"), "{name}: {refused:?}");
        }
        assert_eq!((local.asked(), metadata.asked()), (vec![], vec![]));
        // Who says so means the node itself.
        for host in ["localhost", "127.0.0.1"] {
            let origin = format!("http://{host}:{}", local.address().port());
            node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]"));
            let told = node.ask(&get(&origin));
            assert!(told.message.contains("\"local\""), "{host}: {told:?}");
        }
        // Of several addresses the one that is a service's is taken.
        let service = node.friendly();
        let origin = format!("http://both.example:{}", service.address().port());
        node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]"));
        let told = node.ask(&get(&origin));
        assert!(told.message.contains("(200, 2, "), "{told:?}");
    });
}

#[test]
fn a_host_that_there_is_not_is_told() {
    needs_kernel!();
    let directory = TempDir::with_prefix("cofferdam-test-").unwrap();
    with_own_mounts(|| {
        resolve_by(&directory, "10.99.0.1 ipam.example\n");
        let node = Node::new();
        node.grant(
            "origins = [\"http://nobody.example\", \"http://10.99.0.1:9\", \"http://192.0.2.1\"]\nmethods = [\"GET\"]",
        );
        let unknown = node.ask(&get("http://nobody.example"));
        assert_eq!(unknown.code, NOT_FOUND, "{unknown:?}");
        let refused = node.ask(&get("http://10.99.0.1:9"));
        assert!(refused.details.contains("errno 111"), "{refused:?}");
        let unreachable = node.ask(&get("http://192.0.2.1"));
        assert!(unreachable.details.contains("errno 101"), "{unreachable:?}");
    });
}
