use std::collections::BTreeMap;

use libc::c_long;
use proptest::prelude::*;

use super::{ABSENT, ALLOWED, Call, REFUSED, ask};
use crate::filter::{
    Refused, THIS_ARCHITECTURE,
    rule::{Condition, Rule},
    write,
};

/// What a rule says, without a program.
fn decide(rules: &BTreeMap<c_long, Rule>, call: Call) -> u32 {
    match rules.get(&c_long::from(call.number)) {
        None => REFUSED,
        Some(Rule::Allow) => ALLOWED,
        Some(Rule::Absent) => ABSENT,
        Some(Rule::AnyOf(alternatives)) => {
            let holds = |conditions: &Vec<Condition>| conditions.iter().all(|condition| condition.holds(call));
            if alternatives.iter().any(holds) {
                ALLOWED
            } else {
                REFUSED
            }
        }
    }
}

impl Condition {
    fn holds(&self, call: Call) -> bool {
        let word = call.word(self.word.offset());
        self.values.contains(&(word & self.mask))
    }
}

/// Small numbers, so that conditions are met now and then.
fn condition() -> impl Strategy<Value = Condition> {
    (0..6_u8, any::<bool>(), prop::collection::vec(0..8_u32, 0..20)).prop_map(|(argument, masked, values)| {
        let mask = if masked { 5 } else { u32::MAX };
        Condition::masked(argument, mask, &values)
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let lists = prop::collection::vec(prop::collection::vec(condition(), 0..3), 0..3);
    prop_oneof![Just(Rule::Allow), Just(Rule::Absent), lists.prop_map(Rule::AnyOf)]
}

fn call(numbers: u32) -> impl Strategy<Value = Call> {
    (0..numbers, prop::array::uniform6(0..8_u64)).prop_map(|(number, arguments)| Call {
        architecture: THIS_ARCHITECTURE,
        number,
        arguments,
    })
}

proptest! {
    /// Long programs have places that a conditional jump does not reach.
    #[test]
    fn a_program_decides_as_its_rules_say(
        rules in prop::collection::btree_map(0..500_i64, rule(), 0..250),
        calls in prop::collection::vec(call(520), 100),
    ) {
        let list: Vec<_> = rules.clone().into_iter().collect();
        let program = write(&list, Refused::Error);
        for call in calls {
            prop_assert_eq!(ask(&program, call), decide(&rules, call), "{:?}", call);
        }
    }
}
