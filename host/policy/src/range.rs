use std::fmt;

/// Whole numbers from `first` to `last`, both of them included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Range {
    /// Every priority that a routing rule can have.
    pub(crate) const RULE_PRIORITIES: Self = Self {
        first: 0,
        last: u32::MAX as i64,
    };
    /// Every routing table.
    pub(crate) const ROUTING_TABLES: Self = Self {
        first: 1,
        last: u32::MAX as i64,
    };
    /// Every priority of a base chain.
    pub(crate) const HOOK_PRIORITIES: Self = Self {
        first: i32::MIN as i64,
        last: i32::MAX as i64,
    };

    /// Every VLAN.
    pub(crate) const VLANS: Self = Self { first: 0, last: 4094 };

    /// Every VXLAN.
    pub(crate) const VNIS: Self = Self {
        first: 1,
        last: (1 << 24) - 1,
    };

    /// Every port.
    pub(crate) const PORTS: Self = Self {
        first: 0,
        last: u16::MAX as i64,
    };

    pub(crate) fn only(number: i64) -> Self {
        Self {
            first: number,
            last: number,
        }
    }

    pub(crate) fn contains(self, number: i64) -> bool {
        (self.first..=self.last).contains(&number)
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// As a policy writes it.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "[{}, {}]", self.first, self.last)
        }
    }
}
