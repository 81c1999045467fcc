use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

/// Why a text did not decode, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    /// From the root: `.ipam.ranges[0][0].subnet`.
    path: String,
    message: String,
}

impl Error {
    pub(crate) fn new(message: String) -> Self {
        Self(Box::new(Inner {
            path: String::new(),
            message,
        }))
    }

    pub(crate) fn wrong_type(expected: &dyn Display, found: &str) -> Self {
        Self::new(format!("expected {expected}, found {found}"))
    }

    /// The same error, seen from the object that has the key.
    #[must_use]
    pub fn at_key(mut self, key: &str) -> Self {
        self.0.path = format!(".{key}{}", self.0.path);
        self
    }

    /// The same error, seen from the array that has the element.
    #[must_use]
    pub fn at_index(mut self, index: usize) -> Self {
        self.0.path = format!("[{index}]{}", self.0.path);
        self
    }

    /// The place within the document: `ipam.ranges[0][0].subnet`. Empty when
    /// the document as a whole is meant.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path.trim_start_matches('.')
    }

    /// What is wrong there.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            "" => f.write_str(self.message()),
            path => write!(f, "{path}: {}", self.message()),
        }
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong_type(&expected, &describe(&found))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("invalid value: {}, expected {expected}", describe(&found)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the key {field:?} is missing"))
    }
}

/// Serde's own text prints fractions, and takes 20 KB of a component for it.
fn describe(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(_) => "a boolean".to_owned(),
        Unexpected::Unsigned(number) => format!("integer `{number}`"),
        Unexpected::Signed(number) => format!("integer `{number}`"),
        Unexpected::Float(_) => "a number with a fraction".to_owned(),
        Unexpected::Char(character) => format!("{character:?}"),
        Unexpected::Str(text) => format!("{text:?}"),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "an array".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        _ => "something else".to_owned(),
    }
}
