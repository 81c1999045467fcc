use super::{Case, hold};

#[test]
fn rules() {
    hold(&[
        Case(
            "the very same rule is refused, with another priority it is not",
            &[
                "rule add from 10.0.0.0/8 pref 1000 lookup 100",
                "rule add from 10.0.0.0/8 pref 1000 lookup 100 => exists",
                "rule add from 10.0.0.0/8 pref 1001 lookup 100",
                "rule add from 10.0.0.0/8 pref 1000 lookup 101",
                "rule add ipv6 from fd00::/8 pref 1000 lookup 100",
                "rule add @c from 10.0.0.0/8 pref 1000 lookup 100",
            ],
        ),
        Case(
            "without a priority each is before the others",
            &[
                "rule add from 10.0.0.0/8 lookup 100",
                "rule add from 10.0.0.0/9 lookup 100",
                "rule add from 10.0.0.0/8 lookup 100",
                "rule add ipv6 lookup 100",
                "rule add pref 0 fwmark 1 lookup 100",
                "rule add fwmark 2 lookup 100",
            ],
        ),
        Case(
            "a rule that leaves out source or destination is refused for a narrower one",
            &[
                "rule add from 10.0.0.0/8 pref 1000 lookup 100",
                "rule add pref 1000 lookup 100 => exists",
                "rule add to 10.0.0.0/8 pref 1000 lookup 100",
                "rule add from 10.0.0.0/9 pref 1000 lookup 100",
                "rule add iif x pref 1000 lookup 100",
                "rule add fwmark 0 pref 1000 lookup 100",
            ],
        ),
        Case(
            "a prefix that holds every address is none",
            &[
                "rule add from 0.0.0.0/0 pref 1000 lookup 100",
                "rule add to 0.0.0.0/0 pref 1000 lookup 100 => exists",
                "rule del from 0.0.0.0/0 pref 1000 lookup 100 => missing",
                "rule del pref 1000 lookup 100",
            ],
        ),
        Case(
            "the rule that is just this is deleted, or the first that has all that is given",
            &[
                "rule add from 10.0.0.0/8 fwmark 7 pref 1000 lookup 100",
                "rule del from 10.0.0.0/9 lookup 100 => missing",
                "rule del fwmark 8 lookup 100 => missing",
                "rule del fwmark 0 lookup 100 => missing",
                "rule del pref 1001 lookup 100 => missing",
                "rule del lookup 101 => missing",
                "rule del ipv6 lookup 100 => missing",
                "rule del lookup 100",
            ],
        ),
        Case(
            "an older rule that would be deleted instead is a conflict",
            &[
                "rule add iif x pref 1000 lookup 100",
                "rule add pref 1000 lookup 100",
                "rule del pref 1000 lookup 100 => conflict",
                "rule del iif x pref 1000 lookup 100",
                "rule del pref 1000 lookup 100",
            ],
        ),
        Case(
            "mark 0 is any mark to who deletes",
            &[
                "rule add fwmark 7 pref 1000 lookup 100",
                "rule add fwmark 0 pref 1000 lookup 100",
                "rule del fwmark 0 pref 1000 lookup 100 => conflict",
            ],
        ),
        Case(
            "the kernel's own rules can be deleted",
            &[
                "rule del pref 0 lookup 255",
                "rule del pref 32766 lookup 254",
                "rule del ipv6 pref 0 lookup 255",
                "rule add from 10.0.0.0/8 lookup 100",
            ],
        ),
        Case(
            "what makes no sense is refused",
            &[
                "rule add from fd00::/8 lookup 100 => invalid",
                "rule add ipv6 to 10.0.0.0/8 lookup 100 => invalid",
                "rule add iif sixteen-letters! lookup 100 => invalid",
                "rule add lookup 0 => invalid",
                "rule del lookup 0 => invalid",
            ],
        ),
    ]);
}
