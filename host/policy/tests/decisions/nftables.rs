use super::decide;

#[test]
fn a_table_may_have_base_chains_only_where_granted() {
    decide(
        r#"allow = "nftables.table"
           in = "host"
           family = "inet"
           tables = ["cofferdam_*"]
           hooks = ["postrouting", "prerouting"]
           priorities = [100, [-150, -100]]"#,
        &[
            ("nftables.table host family=inet table=cofferdam_nat", true),
            (
                "nftables.table host family=inet table=cofferdam_nat hook=postrouting:100",
                true,
            ),
            (
                "nftables.table host family=inet table=cofferdam_nat hook=postrouting:100 hook=prerouting:-120",
                true,
            ),
            (
                "nftables.table host family=inet table=cofferdam_nat hook=postrouting:100 hook=input:100",
                false,
            ),
            (
                "nftables.table host family=inet table=cofferdam_nat hook=postrouting:0",
                false,
            ),
            ("nftables.table host family=ip table=cofferdam_nat", false),
            ("nftables.table host family=inet table=firewalld", false),
            ("nftables.table container family=inet table=cofferdam_nat", false),
        ],
    );
}

#[test]
fn without_hooks_a_table_has_no_base_chains() {
    decide(
        "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]",
        &[
            ("nftables.table host family=inet table=t", true),
            ("nftables.table host family=inet table=t hook=postrouting:100", false),
        ],
    );
}

#[test]
fn an_element_is_bounded_by_table_and_set() {
    decide(
        r#"allow = "nftables.element"
           in = "host"
           family = "inet"
           tables = ["masquerade"]
           sets = ["sources*"]"#,
        &[
            ("nftables.element host family=inet table=masquerade set=sources4", true),
            ("nftables.element host family=inet table=masquerade set=blocked", false),
            (
                "nftables.element host family=inet table=masquerade2 set=sources4",
                false,
            ),
            ("nftables.table host family=inet table=masquerade", false),
        ],
    );
}
