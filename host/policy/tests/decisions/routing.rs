use super::decide;

#[test]
fn a_route_is_bounded_by_destination() {
    decide(
        r#"allow = "route.add"
           in = "container"
           destinations = ["10.0.0.0/8"]"#,
        &[
            ("route.add container name=eth0 destination=10.1.0.0/16", true),
            ("route.add container name=eth0 destination=10.0.0.0/8", true),
            ("route.add container name=eth0 destination=0.0.0.0/0", false),
            ("route.add container name=eth0 destination=10.0.0.0/7", false),
            ("route.add container name=eth0 destination=::/0", false),
        ],
    );
}

#[test]
fn without_tables_a_grant_is_for_the_main_one() {
    for grant in [
        "allow = \"route.add\"\nin = \"container\"",
        "allow = \"rule.add\"\nin = \"container\"",
    ] {
        let question = |table: u32| match grant.contains("route") {
            true => format!("route.add container name=eth0 destination=10.0.0.0/8 table={table}"),
            false => format!("rule.add container table={table}"),
        };
        decide(
            grant,
            &[
                (&question(254), true),
                (&question(255), false),
                (&question(253), false),
                (&question(100), false),
            ],
        );
    }
}

#[test]
fn tables_are_numbers_and_ranges() {
    decide(
        r#"allow = "route.*"
           in = "container"
           tables = [100, [1000, 1999]]"#,
        &[
            ("route.see container name=eth0 table=100", true),
            ("route.see container name=eth0 table=254", false),
            ("route.see container name=eth0 table=999", false),
            ("route.see container name=eth0 table=1000", true),
            ("route.see container name=eth0 table=1999", true),
            ("route.see container name=eth0 table=2000", false),
        ],
    );
}

#[test]
fn a_rule_is_bounded_by_table_and_by_priority() {
    decide(
        r#"allow = "rule.add"
           in = "host"
           tables = [100]
           priorities = [[1000, 1999]]"#,
        &[
            ("rule.add host table=100 priority=1000", true),
            ("rule.add host table=100 priority=999", false),
            ("rule.add host table=101 priority=1000", false),
            ("rule.see host", false),
        ],
    );
}

#[test]
fn a_priority_that_the_kernel_chooses_is_within_all_priorities_only() {
    for (priorities, expected) in [
        ("[1000, 1999]", false),
        ("[1, 4294967295]", false),
        ("[0, 4294967295]", true),
    ] {
        decide(
            &format!("allow = \"rule.add\"\nin = \"host\"\npriorities = [{priorities}]"),
            &[("rule.add host", expected), ("rule.add host priority=1000", true)],
        );
    }
}
