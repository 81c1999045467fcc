//! Random sequences of what ADD and DEL do with addresses, each of which may
//! be cut off after any step, with the reference plugin in between. Whatever
//! happens: no address twice, and none lost.

mod model;

use model::{CONTAINERS, Model};
use proptest::{prelude::*, sample::Index};

#[derive(Clone, Debug)]
enum Step {
    /// An ADD that wants one address; it dies after so many steps.
    Add {
        container: usize,
        dies: Option<u8>,
    },
    /// A DEL; it dies after so many steps.
    Del {
        container: usize,
        dies: Option<u8>,
    },
    /// The reference plugin's ADD; killed, it leaves an empty file.
    ReferenceAdd {
        container: usize,
        killed: bool,
    },
    ReferenceDel {
        container: usize,
    },
    /// The index and all that is known of the directory is lost.
    Forget,
    /// The journals are lost.
    LoseJournals,
    /// A file of the index, the survey or the journals is cut.
    Damage {
        file: Index,
        keep: Index,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let container = 0..CONTAINERS;
    let dies = || prop_oneof![2 => Just(None), 1 => (0..6_u8).prop_map(Some)];
    let step = prop_oneof![
        6 => (container.clone(), dies()).prop_map(|(container, dies)| Step::Add { container, dies }),
        5 => (container.clone(), dies()).prop_map(|(container, dies)| Step::Del { container, dies }),
        2 => (container.clone(), prop::bool::weighted(0.3))
            .prop_map(|(container, killed)| Step::ReferenceAdd { container, killed }),
        2 => container.prop_map(|container| Step::ReferenceDel { container }),
        1 => Just(Step::Forget),
        1 => Just(Step::LoseJournals),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(file, keep)| Step::Damage { file, keep }),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn no_address_is_given_out_twice_and_none_is_lost(steps in steps()) {
        let mut model = Model::new();
        for step in &steps {
            model.run(step);
            model.assert_none_twice();
        }
        model.assert_none_lost();
    }
}
