//! What a component declares to need, and whether that is granted.

mod compare;
mod newer;
mod unmet;

use std::{fmt, path::Path};

use cofferdam_protocol::Place;
use thiserror::Error;

use crate::{
    aspect::Aspect,
    bound::Bound,
    dimension::Dimension,
    error::{Problem, listed},
    operation::{Operation, Operations},
    packets::are_held,
    parse,
    question::Question,
};
pub use newer::{Beyond, NewNeed};
pub use unmet::Unmet;

/// What a component declares to ask for. It grants nothing: what runs is what
/// is declared *and* granted.
///
/// ```
/// use std::path::Path;
/// use cofferdam_policy::{Asked, Needs};
///
/// let json = r#"[{ "allow": "link.set", "in": "container", "names": ["lo"], "settings": ["up"] }]"#;
/// let needs = Needs::parse(Path::new("loopback.wasm"), json)?;
/// let asked = |name| Asked::read("link.set", ["in=container", "kind=none", "setting=up", name]).unwrap();
/// assert!(asked("name=lo").ask(|question| needs.covers(question)));
/// assert!(!asked("name=eth0").ask(|question| needs.covers(question)));
/// # Ok::<(), cofferdam_policy::NeedsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Absent: the component says nothing, and only grants bound it.
    declared: Option<Vec<Need>>,
}

/// Operations that a component asks for, by the keys of a grant. What it says
/// nothing about is not bounded by it; but one that says anything of packets
/// means those, and the attachment's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub(crate) operations: Operations,
    pub(crate) place: Option<Place>,
    pub(crate) bounds: Vec<(Dimension, Bound)>,
    pub(crate) when: Option<Box<str>>,
}

/// In these a need leaves nothing open once it says something in one of them.
const WHOSE_PACKETS: [Dimension; 3] = [
    Dimension::PacketScope,
    Dimension::PacketPrefixes,
    Dimension::PacketLinks,
];

/// A declaration is not in its form. All problems of it.
#[derive(Debug, Error)]
#[error("what it declares to need can't be read: {}", listed(_0))]
pub struct NeedsError(pub Vec<Problem>);

impl Needs {
    /// The declaration of a component that has none: it is limited by what is
    /// granted alone.
    pub const UNDECLARED: &str = "null";

    /// Reads a declaration: `null`, or a JSON list of objects that have the
    /// keys of a grant and `when`, a word on what makes it needed. One without
    /// `when` is needed for every attachment. `source` is for the errors.
    ///
    /// # Errors
    /// It is not JSON, or something in it is unknown or makes no sense.
    pub fn parse(source: &Path, json: &str) -> Result<Self, NeedsError> {
        let declared = parse::needs(source, json).map_err(NeedsError)?;
        Ok(Self { declared })
    }

    /// Whether the component declares anything at all; an empty list counts.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        self.declared.is_some()
    }

    /// Whether the component said that it may ask for this.
    #[must_use]
    pub fn covers(&self, question: &Question<'_>) -> bool {
        let covered = |needs: &Vec<Need>| needs.iter().any(|need| need.covers(question));
        self.declared.as_ref().is_none_or(covered)
    }

    /// What it needs for every attachment.
    pub fn required(&self) -> impl Iterator<Item = &Need> {
        self.all().filter(|need| need.when.is_none())
    }

    /// What it needs for some attachments.
    pub fn optional(&self) -> impl Iterator<Item = &Need> {
        self.all().filter(|need| need.when.is_some())
    }

    /// Whether it may ask for one of these operations in a namespace. `applies`
    /// says of the words on what makes a need one, whether that is so. A
    /// component without a declaration may ask for anything.
    #[must_use]
    pub fn has_any(&self, operations: &[Operation], place: Place, applies: impl Fn(&str) -> bool) -> bool {
        let meant = |need: &Need| {
            let asked = operations.iter().any(|operation| need.operations.contains(*operation));
            asked && need.place == Some(place) && need.when().is_none_or(&applies)
        };
        self.declared.as_ref().is_none_or(|needs| needs.iter().any(meant))
    }

    fn all(&self) -> impl Iterator<Item = &Need> {
        self.declared.iter().flatten()
    }
}

impl Need {
    /// What makes it needed, in the author's words. Absent: it is needed for
    /// every attachment.
    #[must_use]
    pub fn when(&self) -> Option<&str> {
        self.when.as_deref()
    }

    fn covers(&self, question: &Question<'_>) -> bool {
        let operation = question.operation();
        let mut dimensions = operation.bounds().iter().map(|(dimension, _)| *dimension);
        self.operations.contains(operation) && dimensions.all(|dimension| self.holds(dimension, question))
    }

    fn holds(&self, dimension: Dimension, question: &Question<'_>) -> bool {
        let Some(asked) = question.aspect(dimension) else {
            return false;
        };
        let says_whose = self.says_whose_packets();
        let implied = || {
            dimension
                .implied()
                .filter(|_| says_whose && WHOSE_PACKETS.contains(&dimension))
        };
        match asked {
            Aspect::Place(place) => self.place == Some(place),
            // Which links the node uses is the operator's business.
            Aspect::Named(name) => self
                .bound(dimension)
                .is_none_or(|bound| bound.holds(&Aspect::Text(name))),
            Aspect::Packets(packets) => !says_whose || are_held(packets, dimension, |dimension| self.bound(dimension)),
            asked => self
                .bound(dimension)
                .or_else(implied)
                .is_none_or(|bound| bound.holds(&asked)),
        }
    }

    /// Who says anything of whose packets, means no other ones.
    fn says_whose_packets(&self) -> bool {
        WHOSE_PACKETS.iter().any(|dimension| self.bound(*dimension).is_some())
    }

    fn bound(&self, dimension: Dimension) -> Option<&Bound> {
        let bound = self.bounds.iter().find(|(candidate, _)| *candidate == dimension);
        bound.map(|(_, bound)| bound)
    }
}

/// In words, without `when`: `link.set in the container namespace, names =
/// ["lo"]`.
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations: Vec<&str> = self.operations.iter().map(Operation::name).collect();
        f.write_str(&operations.join(", "))?;
        if let Some(place) = self.place {
            write!(f, " in the {place} namespace")?;
        }
        let mut bounds = self.bounds.iter();
        bounds.try_for_each(|(dimension, bound)| write!(f, ", {} = {bound}", dimension.key()))
    }
}
