use super::{Case, hold};

#[test]
fn neighbors() {
    hold(&[
        Case(
            "a neighbour is known once, on a link that is up or not",
            &[
                "veth a b",
                "neighbor add 10.22.0.9 dev a",
                "neighbor add 10.22.0.9 dev a => exists",
                "neighbor add fd00::9 dev a",
                "up a",
                "neighbor add 10.22.0.10 dev a",
                "neighbor add 10.22.0.9 dev b",
                "neighbor del 10.22.0.9 dev a",
                "neighbor del 10.22.0.9 dev a => missing",
            ],
        ),
        Case(
            "neighbours are forgotten when the link goes down",
            &[
                "veth a b",
                "up a",
                "neighbor add 10.22.0.9 dev a",
                "neighbor add fd00::9 dev a",
                "down b",
                "down a",
                "up a",
            ],
        ),
        Case(
            "neighbours are forgotten when the link gets another Ethernet address",
            &[
                "veth a b",
                "up a",
                "neighbor add 10.22.0.9 dev a",
                "neighbor add fd00::9 dev a",
                "mac a 02:00:00:00:00:99",
            ],
        ),
        Case(
            "the loopback has one neighbour of IPv4",
            &[
                "up lo",
                "neighbor add 10.22.0.9 dev lo",
                "neighbor add 10.22.0.10 dev lo",
                "neighbor add 0.0.0.0 dev lo => exists",
                "neighbor add fd00::9 dev lo",
                "neighbor del 10.22.0.10 dev lo => missing",
                "neighbor del 0.0.0.0 dev lo",
            ],
        ),
    ]);
}
