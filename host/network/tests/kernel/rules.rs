use cofferdam_network::{Kernel, Network, Rule};
use cofferdam_protocol::Place;

use crate::fixture::{
    assert_conflict, assert_exists, assert_invalid, assert_not_found, has_file, in_new_namespaces, prefix, skipped,
};

fn rule(ipv6: bool) -> Rule {
    Rule {
        ipv6,
        source: None,
        destination: None,
        input_interface: None,
        output_interface: None,
        mark: None,
        priority: None,
        table: 100,
    }
}

/// Without the rules that every namespace has.
fn added(kernel: &mut Kernel, place: Place) -> Vec<Rule> {
    let mut rules = kernel.rules(place).unwrap();
    rules.retain(|rule| !(253..=255).contains(&rule.table));
    rules
}

fn rules_work(kernel: &mut Kernel) -> bool {
    let works = !kernel.rules(Place::Container).unwrap().is_empty();
    if !works {
        skipped(format_args!("this kernel has no routing policy rules"));
    }
    works && has_file("/proc/sys/net/ipv6", "IPv6")
}

#[test]
fn a_new_namespace_has_its_five_rules() {
    in_new_namespaces(|kernel| {
        if !rules_work(kernel) {
            return;
        }
        let rules: Vec<_> = kernel
            .rules(Place::Container)
            .unwrap()
            .into_iter()
            .map(|rule| (rule.ipv6, rule.priority, rule.table))
            .collect();
        let expected = [
            (false, Some(0), 255),
            (false, Some(32766), 254),
            (false, Some(32767), 253),
            (true, Some(0), 255),
            (true, Some(32766), 254),
        ];
        assert_eq!(rules, expected);
    });
}

#[test]
fn a_rule_comes_with_all_its_fields_and_goes() {
    in_new_namespaces(|kernel| {
        if !rules_work(kernel) {
            return;
        }
        let full = |ipv6, source, destination, mark, table| Rule {
            source: Some(prefix(source)),
            destination: Some(prefix(destination)),
            input_interface: Some("in0".to_owned()),
            output_interface: Some("out0".to_owned()),
            mark: Some(mark),
            priority: Some(1000),
            table,
            ..rule(ipv6)
        };
        let table = [
            full(false, "10.0.0.0/8", "192.0.2.1/32", 0x2000, 100),
            full(true, "fd00::/8", "2001:db8::1/128", 0, 70_000),
            Rule {
                priority: Some(3),
                ..rule(false)
            },
        ];
        for place in [Place::Host, Place::Container] {
            for rule in &table {
                kernel.add_rule(place, rule).unwrap();
                assert_eq!(added(kernel, place), std::slice::from_ref(rule));
                let words = [format!("lookup {}", rule.table), place.to_string()];
                let words: Vec<_> = words.iter().map(String::as_str).collect();
                assert_exists(kernel.add_rule(place, rule), &words);
                kernel.delete_rule(place, rule).unwrap();
                assert_eq!(added(kernel, place), []);
                assert_not_found(kernel.delete_rule(place, rule), &words);
            }
        }
    });
}

#[test]
fn without_a_priority_the_kernel_chooses_one_before_the_others() {
    in_new_namespaces(|kernel| {
        if !rules_work(kernel) {
            return;
        }
        let first = Rule {
            source: Some(prefix("10.0.0.0/8")),
            ..rule(false)
        };
        let second = Rule {
            source: Some(prefix("10.0.0.0/9")),
            ..rule(false)
        };
        kernel.add_rule(Place::Container, &first).unwrap();
        kernel.add_rule(Place::Container, &second).unwrap();
        let priorities: Vec<_> = added(kernel, Place::Container)
            .iter()
            .map(|rule| rule.priority)
            .collect();
        assert_eq!(priorities, [Some(32764), Some(32765)]);
    });
}

#[test]
fn deleting_matches_the_fields_that_are_given() {
    in_new_namespaces(|kernel| {
        if !rules_work(kernel) {
            return;
        }
        let place = Place::Container;
        let present = Rule {
            source: Some(prefix("10.0.0.0/8")),
            mark: Some(7),
            priority: Some(1000),
            ..rule(false)
        };
        let others = [
            Rule {
                source: Some(prefix("10.0.0.0/9")),
                ..rule(false)
            },
            Rule {
                mark: Some(8),
                ..rule(false)
            },
            Rule {
                mark: Some(0),
                ..rule(false)
            },
            Rule {
                priority: Some(1001),
                ..rule(false)
            },
            Rule {
                table: 101,
                ..rule(false)
            },
            rule(true),
        ];
        for wanted in [rule(false), present.clone()] {
            kernel.add_rule(place, &present).unwrap();
            for other in &others {
                assert_not_found(kernel.delete_rule(place, other), &[]);
            }
            kernel.delete_rule(place, &wanted).unwrap();
            assert_eq!(added(kernel, place), []);
        }
    });
}

#[test]
fn a_rule_without_a_mark_bit_is_told_from_one_with() {
    in_new_namespaces(|kernel| {
        if !rules_work(kernel) {
            return;
        }
        let place = Place::Container;
        let marked = |mark, priority| Rule {
            mark: Some(mark),
            priority: Some(priority),
            ..rule(false)
        };
        for rule in [marked(7, 1000), marked(0, 1001)] {
            kernel.add_rule(place, &rule).unwrap();
        }
        let wanted = Rule {
            mark: Some(0),
            ..rule(false)
        };
        kernel.delete_rule(place, &wanted).unwrap();
        assert_eq!(added(kernel, place), [marked(7, 1000)]);
        assert_not_found(kernel.delete_rule(place, &wanted), &["fwmark 0x0"]);

        kernel.add_rule(place, &marked(0, 1000)).unwrap();
        assert!(kernel.has_rule_like(place, &marked(0, 1000)).unwrap());
        assert_conflict(kernel.delete_rule(place, &wanted), &["1000:"]);
        assert_eq!(added(kernel, place).len(), 2);
    });
}

/// By source and destination the kernel takes the wide rule for the narrower
/// one already when it is added, else only when it is deleted.
#[test]
fn a_narrower_rule_of_the_same_priority_is_not_deleted_instead() {
    in_new_namespaces(|kernel| {
        if !rules_work(kernel) {
            return;
        }
        let place = Place::Container;
        let wide = Rule {
            priority: Some(1000),
            ..rule(false)
        };
        let other_priority = Rule {
            priority: Some(999),
            ..wide.clone()
        };
        let with = |set: fn(&mut Rule)| {
            let mut narrow = wide.clone();
            set(&mut narrow);
            narrow
        };
        for (narrow, is_added) in [
            (with(|rule| rule.source = Some(prefix("10.0.0.0/8"))), false),
            (with(|rule| rule.destination = Some(prefix("10.0.0.0/8"))), false),
            (with(|rule| rule.input_interface = Some("in0".to_owned())), true),
            (with(|rule| rule.output_interface = Some("out0".to_owned())), true),
            (with(|rule| rule.mark = Some(7)), true),
        ] {
            assert!(!kernel.has_rule_like(place, &wide).unwrap());
            kernel.add_rule(place, &narrow).unwrap();
            assert!(kernel.has_rule_like(place, &wide).unwrap(), "{narrow:?}");
            assert!(!kernel.has_rule_like(place, &other_priority).unwrap());
            if is_added {
                kernel.add_rule(place, &wide).unwrap();
                assert_conflict(kernel.delete_rule(place, &wide), &["1000:", "older rule"]);
                assert_eq!(added(kernel, place), [narrow.clone(), wide.clone()]);
                kernel.delete_rule(place, &narrow).unwrap();
            } else {
                assert_exists(kernel.add_rule(place, &wide), &["1000:"]);
                kernel.delete_rule(place, &narrow).unwrap();
                kernel.add_rule(place, &wide).unwrap();
            }
            // The other way round each is the first that its description fits.
            kernel.add_rule(place, &narrow).unwrap();
            assert_eq!(added(kernel, place), [wide.clone(), narrow.clone()]);
            kernel.delete_rule(place, &wide).unwrap();
            assert_eq!(added(kernel, place), std::slice::from_ref(&narrow));
            kernel.delete_rule(place, &narrow).unwrap();
        }
    });
}

/// Neither inversion nor what a `Rule` has no field for is looked at.
#[test]
fn a_rule_that_is_not_told_is_not_deleted_instead() {
    in_new_namespaces(|kernel| {
        if !rules_work(kernel) {
            return;
        }
        let place = Place::Host;
        let wide = Rule {
            source: Some(prefix("10.0.0.0/8")),
            priority: Some(1000),
            ..rule(false)
        };
        for (other, is_added) in [
            ("not from 10.0.0.0/8 lookup 100 priority 1000", false),
            ("from 10.0.0.0/8 tos 0x10 lookup 100 priority 1000", false),
            ("from 10.0.0.0/8 ipproto tcp lookup 100 priority 1000", true),
            ("from 10.0.0.0/8 fwmark 7/0xff lookup 100 priority 1000", true),
        ] {
            ip("add", other);
            assert_eq!(added(kernel, place), [], "{other}");
            assert!(kernel.has_rule_like(place, &wide).unwrap(), "{other}");
            assert_not_found(kernel.delete_rule(place, &wide), &["1000:"]);
            if is_added {
                kernel.add_rule(place, &wide).unwrap();
                assert_conflict(kernel.delete_rule(place, &wide), &["1000:", "older rule"]);
                assert_eq!(added(kernel, place), std::slice::from_ref(&wide));
                ip("del", other);
                kernel.delete_rule(place, &wide).unwrap();
            } else {
                assert_exists(kernel.add_rule(place, &wide), &["1000:"]);
                ip("del", other);
            }
        }
    });
}

fn ip(what: &str, rule: &str) {
    let arguments = ["rule", what].into_iter().chain(rule.split(' '));
    let output = std::process::Command::new("ip").args(arguments).output().unwrap();
    assert!(output.status.success(), "{what} {rule}: {output:?}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    in_new_namespaces(|kernel| {
        let table = [
            Rule {
                source: Some(prefix("fd00::/8")),
                ..rule(false)
            },
            Rule {
                destination: Some(prefix("10.0.0.0/8")),
                ..rule(true)
            },
            Rule {
                input_interface: Some("sixteen-letters!".to_owned()),
                ..rule(false)
            },
            Rule {
                output_interface: Some(String::new()),
                ..rule(false)
            },
            Rule {
                table: 0,
                ..rule(false)
            },
        ];
        for rule in table {
            assert_invalid(kernel.add_rule(Place::Container, &rule));
            assert_invalid(kernel.delete_rule(Place::Container, &rule));
        }
    });
}
