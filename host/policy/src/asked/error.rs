use thiserror::Error;

use crate::{operation::Operation, quoted::Quoted, suggestion::closest_or_all};

/// Words are not a question.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AskError {
    /// There is no such operation.
    #[error("there is no operation {}: {suggestion}", Quoted(.name))]
    Operation {
        /// What was typed.
        name: String,
        /// What may have been meant.
        suggestion: String,
    },
    /// The operation is not bounded in that.
    #[error("{operation} has no {}: {suggestion}", Quoted(.key))]
    Key {
        /// The operation.
        operation: Operation,
        /// What was typed.
        key: String,
        /// What may have been meant.
        suggestion: String,
    },
    /// A word that is neither `KEY=VALUE` nor a namespace.
    #[error("{} is not KEY=VALUE (for example {example})", Quoted(.word))]
    Word {
        /// What was typed.
        word: String,
        /// A word of this operation.
        example: &'static str,
    },
    /// Something that has to be known.
    #[error("{operation} needs {key}=… (for example {example})")]
    Missing {
        /// The operation.
        operation: Operation,
        /// The key.
        key: &'static str,
        /// An example of it.
        example: &'static str,
    },
    /// The same thing twice.
    #[error("{key}=… is given twice")]
    Twice {
        /// The key.
        key: &'static str,
    },
    /// Not in its form.
    #[error("{key}={value} is not in order: {expected} (for example {example})")]
    Value {
        /// The key.
        key: &'static str,
        /// What was typed.
        value: String,
        /// What it has to be.
        expected: String,
        /// An example of it.
        example: &'static str,
    },
}

impl AskError {
    pub(super) fn operation(name: &str) -> Self {
        let names: Vec<&str> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        Self::Operation {
            name: name.to_owned(),
            suggestion: closest_or_all(name, &names),
        }
    }
}
