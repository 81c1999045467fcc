use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::quoted::{Printable, Quoted};

/// Problems that the text of a [`PolicyError`] lists; the rest are counted.
const LISTED: usize = 10;

/// Why a plugin has no policy. Nothing is granted to it then.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// Nobody wrote one.
    #[error(
        "plugin {} has no policy, so nothing is granted to it: write its grants to {} as a [plugin.{plugin}] table \
         (format: docs/policy.md), in a directory and a file that belong to root and that nobody else can write to",
        Quoted(plugin), path.display()
    )]
    Missing {
        /// The plugin.
        plugin: String,
        /// The file that was looked for.
        path: PathBuf,
    },
    /// A plugin of that name can't have a policy.
    #[error(
        "plugin {} can't have a policy, so nothing is granted to it: a plugin's name has 1 to 64 letters, digits, \
         hyphens and underscores, and begins with a letter or digit",
        Quoted(_0)
    )]
    Name(String),
    /// Somebody else than root may have written it.
    #[error("policy {} is not trusted, so nothing is granted: {reason}; {remedy}", path.display())]
    Untrusted {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The kernel refused.
    #[error("policy {} can't be read, so nothing is granted: {error}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// It is not in the format. All problems of all files of the plugin.
    #[error("the policy has errors, so nothing is granted: {}", listed(_0))]
    Invalid(Vec<Problem>),
}

/// An error in a policy file, shown as `file:line: field: problem`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The first line is 1. Absent where it is about the file as a whole.
    pub line: Option<usize>,
    /// Where in the document: `plugin.bridge.grant.names`. Empty where that is
    /// not known.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What may have been meant.
    pub suggestion: Option<String>,
}

impl PolicyError {
    /// The same as problems of files, one or more.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let text = self.to_string();
        match self {
            Self::Invalid(problems) => problems,
            Self::Untrusted { path, reason, remedy } => {
                let problem = format!("it is not trusted: {reason}");
                vec![Problem::of_file(&path, &problem, Some(remedy))]
            }
            Self::Io { path, error } => vec![Problem::of_file(&path, &format!("it can't be read: {error}"), None)],
            Self::Missing { path, .. } => vec![Problem::of_file(&path, &text, None)],
            Self::Name(name) => vec![Problem::of_file(Path::new(&name), &text, None)],
        }
    }
}

impl Problem {
    /// About a file or directory as a whole.
    pub(crate) fn of_file(file: &Path, problem: &str, suggestion: Option<&str>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            field: String::new(),
            problem: problem.to_owned(),
            suggestion: suggestion.map(str::to_owned),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", Printable(self.file.display()))?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        f.write_str(" ")?;
        if !self.field.is_empty() {
            write!(f, "{}: ", Printable(&self.field))?;
        }
        write!(f, "{}", Printable(&self.problem))?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " ({})", Printable(suggestion)),
            None => Ok(()),
        }
    }
}

pub(crate) fn listed(problems: &[Problem]) -> String {
    let mut texts: Vec<String> = problems.iter().take(LISTED).map(Problem::to_string).collect();
    if problems.len() > LISTED {
        texts.push(format!("and {} more", problems.len() - LISTED));
    }
    texts.join("; ")
}
