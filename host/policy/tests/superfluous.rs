//! Which grants are told to be superfluous.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use support::{
    findings::{about, findings},
    ground::Ground,
};

/// Pairs of grants, and whether the second one could go.
#[test]
fn a_grant_that_another_makes_superfluous_is_told() {
    let see = "allow = \"link.see\"\nin = \"host\"\n";
    let write = "allow = \"sysctl.write\"\nin = \"host\"\n";
    let table = "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\n";
    let route = "allow = \"route.add\"\nin = \"container\"\n";
    for (wide, narrow, told) in [
        (
            format!("{see}names = [\"cni*\"]"),
            format!("{see}names = [\"cni*\"]"),
            true,
        ),
        (
            format!("{see}names = [\"cni*\"]"),
            format!("{see}names = [\"cni0\", \"cni1*\"]"),
            true,
        ),
        (
            format!("{see}names = [\"cni*\"]"),
            format!("{see}names = [\"cni0\", \"veth*\"]"),
            false,
        ),
        (
            format!("{see}names = [\"cni*\"]"),
            format!("{see}names = [\"cni0\"]\nkinds = [\"bridge\"]"),
            true,
        ),
        (
            format!("{see}names = [\"cni*\"]\nkinds = [\"bridge\"]"),
            format!("{see}names = [\"cni0\"]"),
            false,
        ),
        (
            "allow = \"link.*\"\nin = \"container\"".into(),
            "allow = [\"link.see\", \"link.set\"]\nin = \"container\"\nnames = [\"lo\"]".into(),
            true,
        ),
        (
            "allow = \"link.see\"\nin = \"container\"".into(),
            "allow = \"link.*\"\nin = \"container\"".into(),
            false,
        ),
        (
            "allow = \"link.see\"\nin = \"container\"".into(),
            format!("{see}names = [\"lo\"]"),
            false,
        ),
        (
            "allow = \"link.see\"\nin = \"container\"\nnames = [\"*\"]".into(),
            "allow = \"link.see\"\nin = \"container\"".into(),
            true,
        ),
        (
            format!("{write}keys = [\"net/ipv4/conf/*/mtu\"]"),
            format!("{write}keys = [\"net/ipv4/conf/eth0/mtu\"]\nvalues = [\"1\"]"),
            true,
        ),
        (
            format!("{write}keys = [\"net/ipv4/conf/*/mtu\"]\nvalues = [\"1\"]"),
            format!("{write}keys = [\"net/ipv4/conf/eth0/mtu\"]\nvalues = [\"0\"]"),
            false,
        ),
        (format!("{route}tables = [254, 100]"), route.to_owned(), true),
        (format!("{route}tables = [[1, 99]]"), route.to_owned(), false),
        (
            route.to_owned(),
            format!("{route}destinations = [\"10.0.0.0/8\"]"),
            true,
        ),
        (
            format!("{route}destinations = [\"10.0.0.0/8\"]"),
            format!("{route}destinations = [\"10.1.0.0/16\"]"),
            true,
        ),
        (
            format!("{route}destinations = [\"0.0.0.0/0\", \"::/0\"]"),
            route.to_owned(),
            true,
        ),
        (
            format!("{route}destinations = [\"0.0.0.0/0\"]"),
            route.to_owned(),
            false,
        ),
        (
            format!("{table}tables = [\"t\"]\nhooks = [\"input\"]\npriorities = [0]"),
            format!("{table}tables = [\"t\"]"),
            true,
        ),
        (
            format!("{table}tables = [\"t*\"]"),
            format!("{table}tables = [\"t\"]\nhooks = [\"input\"]\npriorities = [0]"),
            false,
        ),
        (
            format!("{table}tables = [\"t\"]\nscope = \"all\""),
            format!("{table}tables = [\"t\"]\nprefixes = [\"10.0.0.0/8\"]\nnames = [\"a\"]"),
            true,
        ),
        (
            format!("{table}tables = [\"t\"]\nprefixes = [\"10.0.0.0/8\"]"),
            format!("{table}tables = [\"t\"]"),
            true,
        ),
        (
            format!("{table}tables = [\"t\"]"),
            format!("{table}tables = [\"t\"]\nscope = \"all\""),
            false,
        ),
        (
            format!("{table}tables = [\"t\"]"),
            format!("{table}tables = [\"t\"]\nnames = [\"a\"]"),
            false,
        ),
        (
            format!("{table}tables = [\"t\"]\nmarks = [\"*/0xff\"]"),
            format!("{table}tables = [\"t\"]\nmarks = [\"1/3\", \"*/2\"]"),
            true,
        ),
        (
            format!("{table}tables = [\"t\"]\nscope = \"all\""),
            format!("{table}tables = [\"t\"]\nmarks = [\"1/1\"]"),
            false,
        ),
        (route.to_owned(), format!("{route}max = 5"), true),
        (
            format!("{route}max = 5"),
            format!("{route}max = 5\nmax-per-tenant = 9"),
            true,
        ),
        (format!("{route}max = 4"), format!("{route}max = 5"), false),
        (format!("{route}max = 5"), route.to_owned(), false),
        (route.to_owned(), format!("{route}tenants = [\"a\"]"), true),
        (
            format!("{route}tenants = [\"a*\"]"),
            format!("{route}tenants = [\"a\"]"),
            true,
        ),
        (format!("{route}tenants = [\"*\"]"), route.to_owned(), false),
        (
            "allow = \"store.open\"".into(),
            "allow = \"store.open\"\nlocations = [\"/var/lib/cni/networks\"]".into(),
            true,
        ),
    ] {
        let (wide, narrow) = (wide.trim_end(), narrow.trim_end());
        let found = about(&[wide, narrow]);
        let expected = format!(
            "warning: DIR/bridge.toml:{}: plugin.bridge.grant: all that it allows is allowed by bridge.toml:2 (remove it, \
             or narrow the wider one)",
            3 + wide.lines().count()
        );
        let second = found.contains(&expected);
        assert_eq!(second, told, "{wide:?} {narrow:?}: {found:#?}");
    }
}

#[test]
fn several_grants_together_can_make_one_superfluous_but_not_each_other() {
    let see = "allow = \"link.see\"\nin = \"container\"";
    let create = "allow = \"link.create\"\nin = \"container\"";
    let both = "allow = [\"link.see\", \"link.create\"]\nin = \"container\"";
    assert_eq!(
        about(&[see, both, create]),
        [
            "warning: DIR/bridge.toml:2: plugin.bridge.grant: all that it allows is allowed by bridge.toml:5 (remove it, or \
             narrow the wider one)",
            "warning: DIR/bridge.toml:8: plugin.bridge.grant: all that it allows is allowed by bridge.toml:5 (remove it, or \
             narrow the wider one)",
        ]
    );
    assert_eq!(
        about(&[
            see,
            create,
            "allow = [\"link.see\", \"link.create\"]\nin = \"container\"\nnames = [\"a\"]"
        ]),
        [
            "warning: DIR/bridge.toml:8: plugin.bridge.grant: all that it allows is allowed by bridge.toml:2 and bridge.toml:5 \
          (remove it, or narrow the wider one)"
        ]
    );
    assert_eq!(about(&[see, see, see]).len(), 2);
}

#[test]
fn a_file_for_one_network_makes_none_for_all_superfluous() {
    let grant = "[[plugin.bridge.grant]]\nallow = \"rule.see\"\nin = \"host\"\n";
    for (one, other, told) in [
        ("networks = [\"a\"]", "", vec!["bridge.1.toml"]),
        ("networks = [\"a\"]", "networks = [\"b\"]", vec![]),
        ("networks = [\"a*\"]", "networks = [\"ab\"]", vec!["bridge.2.toml"]),
        (
            "networks = [\"a\"]\ntenants = [\"t\"]",
            "networks = [\"a\"]",
            vec!["bridge.1.toml"],
        ),
        ("tenants = [\"t\"]", "networks = [\"a\"]", vec![]),
    ] {
        let ground = Ground::new();
        ground.write("bridge.1.toml", format!("[plugin.bridge]\n{one}\n{grant}"));
        ground.write("bridge.2.toml", format!("[plugin.bridge]\n{other}\n{grant}"));
        let found = findings(&ground);
        assert_eq!(found.len(), told.len(), "{one} {other}: {found:#?}");
        for (finding, file) in found.iter().zip(told) {
            assert!(finding.starts_with(&format!("warning: DIR/{file}")), "{finding}");
        }
    }
}
