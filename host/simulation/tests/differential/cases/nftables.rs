//! Tables, chains, sets and elements.

use cofferdam_network::nftables::{
    Action, Base, Chain, ChainType, Data, DataType, Element, Family, Field, Hook, Match, Rule, Set, Table, TableId,
    Value, ValueType, Verdict,
};
use cofferdam_protocol::Place;

use crate::{
    both::{Both, in_new_namespaces},
    outcome::Outcome,
    step::Step,
};

/// Those that are looked at.
pub(crate) const CHAINS: [&str; 4] = ["base", "one", "two", "other"];

pub(crate) fn ids() -> Vec<TableId> {
    [(Family::Inet, "t"), (Family::Ip, "t"), (Family::Inet, "u")]
        .map(|(family, name)| TableId {
            family,
            name: name.to_owned(),
        })
        .to_vec()
}

pub(crate) fn sets() -> Vec<Set> {
    let set = |name: &str, data| Set {
        name: name.to_owned(),
        key: vec![ValueType::Ipv4Address],
        data,
    };
    vec![set("addresses", None), set("verdicts", Some(DataType::Verdict))]
}

pub(crate) fn elements(set: &Set) -> Vec<Element> {
    let verdict = |verdict: Verdict| set.data.as_ref().map(|_| Data::Verdict(verdict));
    [
        ("10.22.0.5", verdict(Verdict::Accept)),
        ("10.22.0.6", verdict(Verdict::Jump("one".to_owned()))),
        ("10.22.0.5", verdict(Verdict::Drop)),
        ("10.22.0.7", verdict(Verdict::Goto("base".to_owned()))),
    ]
    .map(|(address, data)| Element {
        key: vec![Value::Address(address.parse().unwrap())],
        data,
    })
    .to_vec()
}

pub(crate) fn chain(name: &str, base: Option<(Hook, i32)>, targets: &[&str]) -> Chain {
    let jump = |target: &&str| Rule {
        matches: vec![Match::InSet {
            fields: vec![Field::IpSource],
            set: "addresses".to_owned(),
            negate: false,
        }],
        actions: vec![Action::Verdict(Verdict::Jump((*target).to_owned()))],
        comment: None,
    };
    Chain {
        name: name.to_owned(),
        base: base.map(|(hook, priority)| Base {
            chain_type: ChainType::Filter,
            hook,
            priority,
            default_drop: false,
        }),
        rules: targets.iter().map(jump).collect(),
    }
}

pub(crate) fn table(id: &TableId, chains: Vec<Chain>) -> Table {
    Table {
        id: id.clone(),
        sets: sets(),
        chains,
    }
}

const FORWARD: Option<(Hook, i32)> = Some((Hook::Forward, 0));
const INPUT: Option<(Hook, i32)> = Some((Hook::Input, 0));

fn whole() -> Table {
    let chains = vec![
        chain("base", FORWARD, &["one"]),
        chain("one", None, &[]),
        chain("two", None, &["one"]),
    ];
    table(&ids()[0], chains)
}

fn hold(name: &str, steps: Vec<(Step, Outcome)>) {
    if let Err(reason) = cofferdam_tests::kernel_access() {
        return cofferdam_tests::skip(&reason);
    }
    let outcome = in_new_namespaces(true, |both| run(both, &steps));
    outcome.unwrap_or_else(|why| panic!("not as the kernel: {name}:\n{why}"));
}

fn run(both: &mut Both, steps: &[(Step, Outcome)]) -> Result<(), String> {
    for (step, expected) in steps {
        super::check(both, step, *expected)?;
        both.compare().map_err(|why| format!("{step:?}\n{why}"))?;
    }
    Ok(())
}

const HERE: Place = Place::Host;

fn created(chains: Vec<Chain>) -> Step {
    Step::CreateTable(HERE, table(&ids()[0], chains))
}

fn replaced(chains: Vec<Chain>) -> Step {
    Step::ReplaceChains(HERE, table(&ids()[0], chains))
}

fn refilled(chains: Vec<Chain>) -> Step {
    Step::RefillChains(HERE, table(&ids()[0], chains))
}

fn chain_made(chain: Chain) -> Step {
    Step::CreateChain(HERE, ids()[0].clone(), sets(), chain)
}

fn chain_gone(name: &str) -> Step {
    Step::DeleteChain(HERE, ids()[0].clone(), name.to_owned())
}

fn added(set: usize, numbers: &[usize]) -> Step {
    let set = sets().remove(set);
    let all = elements(&set);
    let chosen = numbers.iter().map(|number| all[*number].clone()).collect();
    Step::AddElements(HERE, ids()[0].clone(), set, chosen)
}

fn taken(set: usize, numbers: &[usize]) -> Step {
    let set = sets().remove(set);
    let all = elements(&set);
    let chosen = numbers.iter().map(|number| all[*number].clone()).collect();
    Step::DeleteElements(HERE, ids()[0].clone(), set, chosen)
}

use Outcome::{Conflict, Done, Exists, Invalid, NotFound, Unsupported};

#[test]
fn a_table_is_there_once_and_whole() {
    let gone = || Step::DeleteTable(HERE, ids()[0].clone());
    hold(
        "tables",
        vec![
            (gone(), NotFound),
            (Step::CreateTable(HERE, whole()), Done),
            (Step::CreateTable(HERE, whole()), Exists),
            (Step::CreateTable(Place::Container, whole()), Done),
            (
                Step::CreateTable(
                    HERE,
                    Table {
                        id: ids()[1].clone(),
                        ..whole()
                    },
                ),
                Done,
            ),
            (gone(), Done),
            (gone(), NotFound),
            (created(vec![chain("base", FORWARD, &["nobody"])]), Invalid),
            (
                created(vec![chain("base", FORWARD, &["other"]), chain("other", INPUT, &[])]),
                Invalid,
            ),
            (created(vec![chain("one", None, &[]), chain("one", None, &[])]), Invalid),
            (created(vec![chain("no name", None, &[])]), Invalid),
        ],
    );
}

#[test]
fn chains_lead_to_chains_and_not_back() {
    hold(
        "chains",
        vec![
            (chain_made(chain("one", None, &[])), NotFound),
            (Step::CreateTable(HERE, whole()), Done),
            (chain_made(chain("one", None, &[])), Exists),
            (chain_made(chain("other", None, &["nobody"])), NotFound),
            (chain_made(chain("other", None, &["base"])), Unsupported),
            (chain_made(chain("other", INPUT, &["two"])), Done),
            (chain_gone("nobody"), NotFound),
            (chain_gone("one"), Conflict),
            (chain_gone("base"), Done),
            (chain_gone("two"), Conflict),
            (chain_gone("other"), Done),
            (chain_gone("two"), Done),
            (chain_gone("one"), Done),
        ],
    );
}

#[test]
fn chains_get_other_rules_and_others_stay() {
    let circle = || {
        vec![
            chain("base", FORWARD, &["one"]),
            chain("one", None, &["two"]),
            chain("two", None, &["one"]),
        ]
    };
    hold(
        "rules",
        vec![
            (replaced(vec![chain("one", None, &[])]), NotFound),
            (Step::CreateTable(HERE, whole()), Done),
            (replaced(vec![chain("one", None, &[])]), Done),
            (replaced(vec![chain("base", FORWARD, &["one"])]), Invalid),
            (refilled(vec![chain("base", FORWARD, &["two"])]), Done),
            (refilled(vec![chain("base", FORWARD, &["nobody"])]), NotFound),
            (replaced(circle()), Invalid),
            (
                replaced(vec![chain("other", INPUT, &["one"]), chain("one", None, &[])]),
                Done,
            ),
            (replaced(vec![chain("other", FORWARD, &[])]), Done),
            // Others lead to it.
            (replaced(vec![chain("one", INPUT, &[])]), Conflict),
            (replaced(vec![chain("base", None, &[])]), Done),
        ],
    );
}

#[test]
fn elements_are_there_once_and_lead_to_chains() {
    hold(
        "elements",
        vec![
            (added(0, &[0]), NotFound),
            (Step::CreateTable(HERE, whole()), Done),
            (added(0, &[0, 1]), Done),
            (added(0, &[0]), Exists),
            (added(0, &[3, 0]), Exists),
            (added(1, &[0]), Done),
            (added(1, &[2]), Exists),
            (added(1, &[1]), Done),
            (added(1, &[3]), Unsupported),
            (taken(0, &[3]), NotFound),
            (taken(0, &[0, 3]), NotFound),
            (taken(0, &[0]), Done),
            (
                replaced(vec![chain("base", FORWARD, &[]), chain("two", None, &[])]),
                Done,
            ),
            (chain_gone("one"), Conflict),
            (taken(1, &[1]), Done),
            (chain_gone("one"), Done),
            (added(1, &[1]), NotFound),
            (added(0, &[]), Done),
            (taken(0, &[]), Done),
        ],
    );
}
