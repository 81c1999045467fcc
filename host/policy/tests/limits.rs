//! How often what is granted may be done.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{collections::BTreeMap, path::PathBuf};

use cofferdam_policy::{Counter, Exhausted, Granted, Grants, NO_KEYS, PluginPolicy, Question, Scope};
use cofferdam_protocol::Place::Container;
use proptest::prelude::*;
use support::grants;

fn create(name: &str) -> Question<'_> {
    Question::link_create(Container, "dummy", name)
}

/// The body of a grant to create links.
fn creating(names: &str, limits: &str) -> String {
    format!("allow = \"link.create\"\nin = \"container\"\nnames = [\"{names}\"]\n{limits}")
}

/// Somebody who keeps count, as the host does.
#[derive(Default)]
struct Books(BTreeMap<Counter, u32>);

impl Books {
    fn make(&mut self, grants: &Grants, name: &str) -> Result<(), Exhausted> {
        let granted = grants.decide(&create(name)).unwrap();
        granted.check(|counter| self.0.get(counter).copied().unwrap_or(0))?;
        for counter in granted.counters() {
            *self.0.entry(counter.clone()).or_insert(0) += 1;
        }
        Ok(())
    }

    /// How many of a name can be made before the limit.
    fn room(&mut self, grants: &Grants, name: &str) -> usize {
        (0..100).take_while(|_| self.make(grants, name).is_ok()).count()
    }
}

fn policy(bodies: &[&str]) -> PluginPolicy {
    let grants = bodies.iter().map(|body| format!("[[plugin.test.grant]]\n{body}\n"));
    let text = format!("[plugin.test]\n{}", grants.collect::<String>());
    support::policy(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn without_a_limit_nothing_is_counted() {
    let granted = grants(&[&creating("*", "")]).decide(&create("a")).unwrap();
    assert_eq!(granted, Granted::default());
    assert!(granted.counters().is_empty());
    assert_eq!(granted.check(|_| u32::MAX), Ok(()));
}

#[test]
fn a_limit_is_reached_after_as_many() {
    let grants = grants(&[&creating("*", "max = 3")]);
    let mut books = Books::default();
    assert_eq!(books.room(&grants, "a"), 3);
    let exhausted = books.make(&grants, "b").unwrap_err();
    assert_eq!(exhausted.max, 3);
    assert_eq!(exhausted.scope, Scope::Attachment);
    assert_eq!(
        exhausted.to_string(),
        "the grant allows 3 of these for one attachment, and they are used up"
    );
}

#[test]
fn limits_of_several_grants_do_not_add_up() {
    for (bodies, expected) in [
        (&[creating("a*", "max = 2"), creating("*", "max = 5")][..], 5),
        (&[creating("a*", "max = 5"), creating("*", "max = 2")], 5),
        (&[creating("a*", "max = 2"), creating("a*", "max = 5")], 5),
        (&[creating("a*", "max = 5"), creating("*", "max = 5")], 5),
        (&[creating("a*", "max = 2"), creating("*", "")], 100),
        (&[creating("a*", "max = 2"), creating("b*", "max = 5")], 2),
        // The first is used up by the network, the second by the attachment.
        (&[creating("a*", "max-per-network = 2"), creating("*", "max = 5")], 5),
        (
            &[creating("a*", "max = 7\nmax-per-network = 3"), creating("*", "max = 2")],
            3,
        ),
    ] {
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let grants = grants(&bodies);
        assert_eq!(Books::default().room(&grants, "a0"), expected, "{bodies:?}");
    }
}

#[test]
fn what_a_grant_without_limit_allows_uses_up_no_other_grant() {
    let grants = grants(&[&creating("a*", ""), &creating("*", "max = 2")]);
    let mut books = Books::default();
    assert_eq!(books.room(&grants, "a"), 100);
    assert_eq!(books.room(&grants, "b"), 2);
}

#[test]
fn a_limit_of_a_network_or_tenant_is_shared_by_its_attachments() {
    let policy = policy(&[&creating("*", "max-per-network = 6\nmax-per-tenant = 4")]);
    let of = |network, tenant| policy.for_attachment(network, tenant);
    let mut books = Books::default();
    assert_eq!(books.room(&of("n", Some("t")), "a"), 4, "the tenant's");
    assert_eq!(
        books.room(&of("m", Some("t")), "a"),
        0,
        "the tenant's, on another network"
    );
    assert_eq!(books.room(&of("n", Some("u")), "a"), 2, "the rest of the network's");
    assert_eq!(
        books.room(&of("m", None), "a"),
        4,
        "those without a tenant count together"
    );
    assert_eq!(books.room(&of("o", None), "a"), 0);
    let exhausted = books.make(&of("n", Some("u")), "a").unwrap_err();
    assert_eq!(
        exhausted.to_string(),
        "the grant allows 6 of these for all attachments of the network together, and they are used up"
    );
}

/// The names of the counters of one question.
fn names(policy: &PluginPolicy, network: &str, tenant: Option<&str>) -> Vec<String> {
    let granted = policy.for_attachment(network, tenant).decide(&create("a0")).unwrap();
    granted.counters().into_iter().map(ToString::to_string).collect()
}

#[test]
fn a_counter_is_named_for_good() {
    let body = creating("a*", "max = 1\nmax-per-network = 2\nmax-per-tenant = 3");
    let expected = [
        "attachment:test:4e1de55e4b2e968a",
        "network:my.net:test:4e1de55e4b2e968a",
        "tenant:a%3ab%0a:test:4e1de55e4b2e968a",
    ];
    assert_eq!(names(&policy(&[&body]), "my.net", Some("a:b\n")), expected);
    let without = names(&policy(&[&body]), "my.net", None);
    assert_eq!(without[2], "no-tenant:test:4e1de55e4b2e968a");

    let other_limits = body.replace("max = 1", "max = 9");
    let reordered = "names = [\"a*\"]\nmax-per-tenant = 3\nmax-per-network = 2\nin = \"container\"\nmax = 1\nallow = [\"link.create\"]";
    let behind_others = policy(&[&creating("b*", "max = 1"), &body]);
    for policy in [policy(&[&other_limits]), policy(&[reordered]), behind_others] {
        assert_eq!(names(&policy, "my.net", Some("a:b\n")), expected);
    }
}

#[test]
fn grants_that_say_something_else_are_counted_apart() {
    let bodies = [
        creating("a*", "max = 1"),
        creating("a0", "max = 1"),
        creating("a*", "max = 1\nkinds = [\"dummy\"]"),
        creating("a*", "max = 1\nnetworks = [\"n\"]"),
        creating("a*", "max = 1\ntenants = [\"t\"]"),
    ];
    let mut all: Vec<String> = bodies
        .iter()
        .flat_map(|body| names(&policy(&[body]), "n", Some("t")))
        .collect();
    let of_a_network = format!(
        "[plugin.test]\nnetworks = [\"n\"]\n[[plugin.test.grant]]\n{}",
        bodies[0]
    );
    let file = [(PathBuf::from("test.toml"), of_a_network)];
    all.extend(names(
        &PluginPolicy::parse("test", &file, NO_KEYS).unwrap(),
        "n",
        Some("t"),
    ));
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!((all.len(), count), (count, 6));
}

fn limits() -> impl Strategy<Value = String> {
    let one = |key: &'static str| proptest::option::of(1_u32..5).prop_map(move |max| (key, max));
    (one("max"), one("max-per-network"), one("max-per-tenant")).prop_map(|(a, b, c)| {
        let keys = [a, b, c];
        keys.iter()
            .filter_map(|(key, max)| max.map(|max| format!("{key} = {max}\n")))
            .collect()
    })
}

proptest! {
    /// Whoever adds a grant takes nothing away.
    #[test]
    fn a_further_grant_never_leaves_less_room(
        limits in proptest::collection::vec((prop_oneof![Just("a"), Just("*"), Just("a*")], limits()), 1..4),
        uses in proptest::collection::vec((prop_oneof![Just("a"), Just("ab")], 0_usize..2, 0_usize..2), 1..12),
    ) {
        let bodies: Vec<String> = limits.iter().map(|(names, limits)| creating(names, limits)).collect();
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let all = policy(&bodies);
        let fewer = policy(&bodies[..bodies.len() - 1]);
        let (mut books_of_all, mut books_of_fewer) = (Books::default(), Books::default());
        for (name, network, tenant) in uses {
            let (network, tenant) = (["m", "n"][network], [None, Some("t")][tenant]);
            let of_fewer = fewer.for_attachment(network, tenant);
            if of_fewer.decide(&create(name)).is_err() || books_of_fewer.make(&of_fewer, name).is_err() {
                continue;
            }
            prop_assert!(books_of_all.make(&all.for_attachment(network, tenant), name).is_ok());
        }
    }
}
