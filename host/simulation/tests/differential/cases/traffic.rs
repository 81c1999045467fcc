use super::{Case, hold};

#[test]
fn traffic() {
    hold(&[
        Case(
            "a link has one limit",
            &[
                "veth a b",
                "limit a 1000000 100000",
                "limit a 1000000 100000 => exists",
                "limit a 2000000 100000 => exists",
                "up a",
                "limit b 12500000000 1000000",
                "unlimit a",
                "unlimit a => missing",
                "limit lo 1000000 100000",
            ],
        ),
        Case(
            "a limit that lets nothing pass is refused",
            &[
                "veth a b",
                "limit a 0 100 => invalid",
                "limit a 100 0 => invalid",
                "limit a 1000000000 1 => EINVAL",
                "limit a 1 1",
            ],
        ),
        Case(
            "a link that is limited has a queue",
            &[
                "veth a b",
                "qlen a 0",
                "qlen b 0",
                "redirect a b",
                "limit b 1000000000 1 => EINVAL",
                "limit a 1000000 100000",
                "qlen a 0",
            ],
        ),
        Case(
            "what comes in can be sent by one other link",
            &[
                "veth a b",
                "veth c d",
                "redirect a c",
                "redirect a d => exists",
                "redirect b nobody => missing",
                "redirect c a",
                "delete c",
                "unredirect a",
                "unredirect a => missing",
            ],
        ),
        Case(
            "limits and redirects go with a link",
            &[
                "veth a b",
                "veth c d",
                "limit a 1000000 100000",
                "redirect a c",
                "delete a",
                "veth a b",
                "limit a 1000000 100000",
                "redirect a c",
                "move a x@c",
            ],
        ),
    ]);
}
