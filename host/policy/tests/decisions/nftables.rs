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

#[test]
fn rules_decide_on_the_attachments_packets_unless_more_is_granted() {
    let table = "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\n";
    for (packets, granted) in [
        ("", [true, false, false, false, false, false, false]),
        (
            "scope = \"attachment\"",
            [true, false, false, false, false, false, false],
        ),
        ("scope = \"all\"", [true; 7]),
        (
            "prefixes = [\"10.0.0.0/8\"]",
            [true, false, true, false, false, false, false],
        ),
        ("names = [\"eth*\"]", [true, false, false, false, true, false, false]),
        (
            "prefixes = [\"10.0.0.0/8\"]\nnames = [\"eth0\"]",
            [true, false, true, false, true, false, true],
        ),
    ] {
        let asked = [
            "",
            " scope=all",
            " prefix=10.22.0.0/16",
            " prefix=0.0.0.0/0",
            " name=eth0",
            " prefix=10.22.0.0/16 name=up0",
            " prefix=10.22.0.0/16 name=eth0",
        ];
        let asked: Vec<String> = asked
            .iter()
            .map(|packets| format!("nftables.table host family=inet table=t{packets}"))
            .collect();
        let questions: Vec<(&str, bool)> = asked.iter().map(String::as_str).zip(granted).collect();
        decide(&format!("{table}{packets}"), &questions);
    }
}

#[test]
fn what_is_known_of_packets_together_needs_one_grant_only() {
    let place = cofferdam_protocol::Place::Host;
    let packets = [cofferdam_policy::Packets {
        prefixes: vec!["10.22.0.0/16".parse().unwrap(), "192.0.2.0/24".parse().unwrap()],
        links: vec!["eth0".to_owned()],
        ..cofferdam_policy::Packets::default()
    }];
    let question = cofferdam_policy::Question::NftTable {
        place,
        family: "inet",
        table: "t",
        hooks: &[],
        packets: &packets,
        marks: &[],
    };
    for (granted, expected) in [
        ("prefixes = [\"10.0.0.0/8\"]", true),
        ("prefixes = [\"192.0.2.0/24\"]", true),
        ("names = [\"eth0\"]", true),
        ("prefixes = [\"198.51.100.0/24\"]\nnames = [\"eth1\"]", false),
        ("", false),
    ] {
        let grant =
            format!("allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\n{granted}");
        let grants = crate::support::grants(&[&grant]);
        assert_eq!(grants.decide(&question).is_ok(), expected, "{granted}");
    }
}

#[test]
fn rules_set_the_marks_that_are_granted_whosever_packets_they_are_about() {
    let table = "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\n";
    let asked = [
        "",
        " mark=0x2000/0x2000",
        " mark=8192/8192 mark=0/0x2000",
        " mark=0x2000",
        " scope=all mark=0x2000/0x2000",
    ];
    let asked = asked.map(|words| format!("nftables.table host family=inet table=t{words}"));
    for (granted, expected) in [
        ("", [true, false, false, false, false]),
        ("scope = \"all\"", [true, false, false, false, false]),
        ("marks = [\"0x2000/0x2000\"]", [true, true, false, false, false]),
        (
            "marks = [\"0x2000/0x2000\", \"0/8192\"]",
            [true, true, true, false, false],
        ),
        ("marks = [\"*/0x3000\"]", [true, true, true, false, false]),
        ("marks = [\"0x2000\"]", [true, false, false, true, false]),
        ("marks = [\"*\"]", [true, true, true, true, false]),
        (
            "scope = \"all\"\nmarks = [\"*/0x2000\"]",
            [true, true, true, false, true],
        ),
    ] {
        let questions: Vec<(&str, bool)> = asked.iter().map(String::as_str).zip(expected).collect();
        decide(&format!("{table}{granted}"), &questions);
    }
}

#[test]
fn elements_hold_nothing_of_others_unless_it_is_granted() {
    let element = "allow = \"nftables.element\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\nsets = [\"s\"]\n";
    let asked = "nftables.element host family=inet table=t set=s";
    for (granted, expected) in [
        ("", [true, false, false, false, false]),
        ("prefixes = [\"10.22.0.0/16\"]", [true, true, false, false, false]),
        ("names = [\"cni0\"]", [true, false, true, false, false]),
        ("ports = [80, [8000, 8999]]", [true, false, false, true, false]),
        (
            "prefixes = [\"10.0.0.0/8\"]\nnames = [\"*\"]\nports = [[0, 65535]]",
            [true; 5],
        ),
    ] {
        let questions = [
            String::new(),
            " address=10.22.0.9".to_owned(),
            " name=cni0".to_owned(),
            " port=80 port=8080".to_owned(),
            " address=10.23.0.9 address=10.22.0.9 port=22".to_owned(),
        ];
        let questions = questions.map(|parts| format!("{asked}{parts}"));
        let questions: Vec<(&str, bool)> = questions.iter().map(String::as_str).zip(expected).collect();
        decide(&format!("{element}{granted}"), &questions);
    }
}

#[test]
fn in_the_container_every_packet_is_its_own() {
    decide(
        "allow = \"nftables.table\"\nin = \"container\"\nfamily = \"inet\"\ntables = [\"t\"]",
        &[(
            "nftables.table container family=inet table=t scope=all name=eth0 mark=1",
            true,
        )],
    );
    decide(
        "allow = \"nftables.element\"\nin = \"container\"\nfamily = \"inet\"\ntables = [\"t\"]\nsets = [\"s\"]",
        &[(
            "nftables.element container family=inet table=t set=s address=10.22.0.9 port=22",
            true,
        )],
    );
}
