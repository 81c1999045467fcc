use std::fmt;

/// Something in a configuration that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where, such as `ipam.ranges[0][0].subnet`; empty for the configuration
    /// as a whole.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
    /// What to do about it.
    pub way_out: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}; {}", self.problem, self.way_out)
    }
}
