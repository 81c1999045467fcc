//! What there is, in the words of `ip(8)`, for people to read and to compare.

mod words;

use std::fmt;

use super::{Side, Sides};

pub(crate) use words::rule_in_words;

/// All that an administrator could see in a namespace, an object a line,
/// sorted.
///
/// ```
/// use cofferdam_network::Network as _;
/// use cofferdam_protocol::Place;
/// use cofferdam_simulation::{Node, Nobody, Simulated};
///
/// let mut network = Simulated::new(Node::default().with_uplink("up0", "192.0.2.2/24").sides(), Box::new(Nobody));
/// let before = network.sides().host.picture();
/// let up0 = network.link_by_name(Place::Host, "up0")?.expect("it was made").id;
/// network.add_address(up0, "198.51.100.7/32".parse()?, true)?;
/// let changes = network.sides().host.picture().changes_since(&before);
/// assert_eq!(changes.to_string(), "+ address 198.51.100.7/32 dev up0\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture(Vec<String>);

/// What is in one picture and not in another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What was there before.
    pub gone: Vec<String>,
    /// What is there now.
    pub new: Vec<String>,
}

impl Picture {
    /// The lines, sorted.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.0
    }

    /// What is new, and what is gone, since another picture of the same
    /// namespace.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Changes {
        let only_in = |one: &Self, other: &Self| -> Vec<String> {
            one.0.iter().filter(|line| !other.0.contains(line)).cloned().collect()
        };
        Changes {
            gone: only_in(before, self),
            new: only_in(self, before),
        }
    }
}

impl Changes {
    /// Whether both pictures were the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty()
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// As `diff -u` marks it: `- ` what is gone, `+ ` what is new.
impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gone.iter().try_for_each(|line| writeln!(f, "- {line}"))?;
        self.new.iter().try_for_each(|line| writeln!(f, "+ {line}"))
    }
}

impl Side {
    /// All that an administrator could see, one object a line, sorted. The
    /// kernel's own routing rules are left out while they are there.
    #[must_use]
    pub fn picture(&self) -> Picture {
        let mut lines = words::all_of(self);
        lines.sort();
        Picture(lines)
    }
}

/// The node's namespace, and then the container's.
impl fmt::Display for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the node:\n{}the container:\n{}",
            self.host.picture(),
            self.container.picture()
        )
    }
}
