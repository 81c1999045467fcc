use std::fmt;

/// Whole numbers from `first` to `last`, both of them included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Range {
    pub(crate) fn only(number: i64) -> Self {
        Self {
            first: number,
            last: number,
        }
    }

    pub(crate) fn contains(self, number: i64) -> bool {
        (self.first..=self.last).contains(&number)
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

/// Whether one of the ranges holds the number.
pub(crate) fn any_contains(ranges: &[Range], number: i64) -> bool {
    ranges.iter().any(|range| range.contains(number))
}
