use cofferdam_tests::{GoPlugins, Namespace, Products, Site};
use serde_json::Value;

use crate::{
    facts::{Facts, differences},
    side::{Kind, Side},
};

/// A network, and what is known to differ when a container is attached to it.
pub(crate) struct Network {
    what: &'static str,
    members: Vec<Value>,
    prepare: fn(&Namespace, &Namespace),
    furnish: fn(&Site),
    differences: &'static [Difference],
}

/// Something that differs on purpose.
pub(crate) struct Difference {
    /// Words of the line that shows it ([`differences`]).
    pub(crate) line: &'static str,
    /// Words of docs/differences.md that tell of it.
    pub(crate) told: &'static str,
}

impl Network {
    /// One plugin, with its address management.
    pub(crate) fn of(what: &'static str, config: Value) -> Self {
        Self::chain(what, vec![config])
    }

    /// Plugins that are called one after the other.
    pub(crate) fn chain(what: &'static str, members: Vec<Value>) -> Self {
        Self {
            what,
            members,
            prepare: |_, _| {},
            furnish: |_| {},
            differences: &[],
        }
    }

    /// What has to be on the node and in the container before.
    pub(crate) fn on(self, prepare: fn(&Namespace, &Namespace)) -> Self {
        Self { prepare, ..self }
    }

    /// What the node has to be like before, and what is granted.
    pub(crate) fn at(self, furnish: fn(&Site)) -> Self {
        Self { furnish, ..self }
    }

    /// What differs on purpose.
    pub(crate) fn differs(self, differences: &'static [Difference]) -> Self {
        Self { differences, ..self }
    }

    /// Attaches, checks and detaches a container by either implementation.
    pub(crate) fn compare(&self, go: &GoPlugins) {
        let theirs = self.side(go, |_| Kind::Go);
        let expected = theirs.add();
        let expected_facts = Self::facts(&theirs, &expected);
        theirs.del(&expected);

        let ours = self.side(go, |_| Kind::Cofferdam);
        let (before, empty) = (ours.site.snapshot(), Facts::of(&ours.container.namespace));
        let result = ours.add();
        let found = differences(&expected_facts, &Self::facts(&ours, &result));
        self.assert_told(&found);
        self.assert_differs_still(&found);
        ours.check(&result);
        ours.del(&result);
        before.assert_same(&ours.site.snapshot());
        let left = differences(&empty, &Facts::of(&ours.container.namespace));
        assert!(left.is_empty(), "{}: left in the container:\n{left:#?}", self.what);
    }

    /// Attaches and detaches a container by a chain whose first member is of
    /// one implementation and whose others are of the other.
    pub(crate) fn compare_mixed(&self, go: &GoPlugins) {
        let theirs = self.side(go, |_| Kind::Go);
        let expected = Self::facts(&theirs, &theirs.add());
        for first in [Kind::Cofferdam, Kind::Go] {
            let mixed = self.side(go, |number| match (number, first) {
                (0, kind) => kind,
                (_, Kind::Cofferdam) => Kind::Go,
                (_, Kind::Go) => Kind::Cofferdam,
            });
            let result = mixed.add();
            self.assert_told(&differences(&expected, &Self::facts(&mixed, &result)));
            mixed.check(&result);
            mixed.del(&result);
        }
    }

    fn side(&self, go: &GoPlugins, kind: impl Fn(usize) -> Kind) -> Side {
        let members = self.members.iter().cloned().enumerate();
        let members = members.map(|(number, member)| (kind(number), member)).collect();
        let side = Side::new(go, members, self.prepare);
        (self.furnish)(&side.site);
        side
    }

    fn facts(side: &Side, result: &Value) -> Facts {
        let mut facts = Facts::of(&side.container.namespace).under("container");
        facts.add(Facts::of(side.site.node()).under("node"));
        facts.add(Facts::of_result(result).under("result"));
        facts
    }

    /// Whatever differs is expected to.
    fn assert_told(&self, found: &[String]) {
        let what = self.what;
        let surprises: Vec<&String> = found
            .iter()
            .filter(|line| !self.differences.iter().any(|known| line.contains(known.line)))
            .collect();
        assert!(surprises.is_empty(), "{what}: what differs:\n{surprises:#?}");
    }

    /// Whatever is expected to differ does, and the documentation tells of it.
    fn assert_differs_still(&self, found: &[String]) {
        let what = self.what;
        let document = std::fs::read_to_string(Products::workspace().join("docs/differences.md")).unwrap();
        for Difference { line, told } in self.differences {
            assert!(
                found.iter().any(|found| found.contains(line)),
                "{what}: {line:?} does not differ any more: {found:#?}"
            );
            assert!(
                document.contains(told),
                "{what}: docs/differences.md does not say {told:?}"
            );
        }
    }
}
