use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::Products;

/// A page whose commands a reader types one after the other, taken from the page itself.
///
/// In blocks of `console` a line that begins with `$ ` is typed by the author of a plugin, one that begins with `# ` by the
/// root of a node, and the lines below it are of what it prints, where `…` stands for any text. `<!-- fails -->` above a
/// block says that its last command does. Above a block of `toml`, `<!-- file: PATH -->` says which file the reader
/// writes; a block of `diff` is what the reader changes.
#[derive(Debug)]
pub struct Walkthrough(Vec<Step>);

/// What the reader does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Types a command.
    Type {
        /// The command.
        command: String,
        /// Whether it is typed on the node, as root.
        on_node: bool,
        /// What is printed, among other lines.
        printed: Vec<String>,
        /// Whether it fails.
        fails: bool,
    },
    /// Writes a file.
    Write {
        /// Its path, from where the reader is.
        path: PathBuf,
        /// What is in it.
        text: String,
    },
    /// Changes a file.
    Change {
        /// Its path, from where the reader is.
        path: PathBuf,
        /// Lines, and the lines in their place.
        hunks: Vec<(String, String)>,
    },
}

impl Walkthrough {
    /// Reads a page of `docs/`.
    ///
    /// # Panics
    /// When it is not to be read so.
    #[must_use]
    pub fn of(page: &str) -> Self {
        let path = Products::workspace().join("docs").join(page);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        let mut steps = Vec::new();
        let mut mark = "";
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(said) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) {
                mark = said;
            } else if let Some(language) = line.strip_prefix("```") {
                let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                steps.extend(block_steps(language, std::mem::take(&mut mark), &block));
            }
        }
        Self(steps)
    }

    /// The steps, in their order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.0.iter()
    }
}

fn block_steps(language: &str, mark: &str, block: &[&str]) -> Vec<Step> {
    match (language, mark.strip_prefix("file: ")) {
        ("console", _) => typed(block, mark == "fails"),
        ("diff", _) => vec![changed(block)],
        (_, Some(path)) => vec![Step::Write {
            path: path.into(),
            text: block.join("\n") + "\n",
        }],
        _ => Vec::new(),
    }
}

fn typed(block: &[&str], last_fails: bool) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block {
        let on_node = line.starts_with("# ");
        if let Some(command) = line.strip_prefix("$ ").or_else(|| line.strip_prefix("# ")) {
            steps.push(Step::Type {
                command: command.to_owned(),
                on_node,
                printed: Vec::new(),
                fails: false,
            });
        } else if let Some(Step::Type { printed, .. }) = steps.last_mut() {
            printed.push((*line).to_owned());
        } else {
            panic!("nobody typed what prints {line:?}");
        }
    }
    if let Some(Step::Type { fails, .. }) = steps.last_mut() {
        *fails = last_fails;
    }
    steps
}

fn changed(block: &[&str]) -> Step {
    let path = block
        .iter()
        .find_map(|line| line.strip_prefix("+++ b/"))
        .expect("a diff names its file");
    let mut hunks: Vec<(String, String)> = Vec::new();
    for line in block {
        if line.starts_with("@@") {
            hunks.push((String::new(), String::new()));
        } else if let Some((before, after)) = hunks.last_mut() {
            // An editor may have taken the blank of an empty line.
            let (sign, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
            for (own, side) in [("-", before), ("+", after)] {
                if sign == own || sign == " " {
                    side.push_str(rest);
                    side.push('\n');
                }
            }
        }
    }
    Step::Change {
        path: path.into(),
        hunks,
    }
}

impl Step {
    /// Writes or changes what the reader does, in a directory.
    ///
    /// # Panics
    /// When the file is not as the page says.
    pub fn edit(&self, directory: &Path) {
        match self {
            Self::Type { .. } => {}
            Self::Write { path, text } => fs::write(directory.join(path), text).unwrap(),
            Self::Change { path, hunks } => {
                let path = directory.join(path);
                let mut text = fs::read_to_string(&path).unwrap();
                for (before, after) in hunks {
                    assert_eq!(
                        text.matches(before).count(),
                        1,
                        "{} has not once:\n{before}",
                        path.display()
                    );
                    text = text.replacen(before, after, 1);
                }
                fs::write(&path, text).unwrap();
            }
        }
    }

    /// The first line that is said to be printed and is not, after those before it.
    #[must_use]
    pub fn not_printed(&self, output: &str) -> Option<&str> {
        let Self::Type { printed, .. } = self else { return None };
        let mut lines = output.lines();
        let missing = printed
            .iter()
            .find(|pattern| !lines.any(|line| is_like(pattern, line.trim_end())));
        missing.map(String::as_str)
    }
}

/// Whether a line is like another in which `…` stands for any text.
fn is_like(pattern: &str, line: &str) -> bool {
    let Some((before, after)) = pattern.split_once('…') else {
        return pattern == line;
    };
    let Some(rest) = line.strip_prefix(before) else {
        return false;
    };
    let mut ends = rest.char_indices().map(|(index, _)| index).chain([rest.len()]);
    ends.any(|index| is_like(after, &rest[index..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n\n```console\n$ cd wire\n$ cofferctl test\n  ok  … (… ms)\n```\n\ntext\n\n<!-- fails -->\n\
                        ```console\n# true\n# false\n```\n\n<!-- file: a/b.toml -->\n```toml\na = 1\n```\n```toml\nb = 2\n```\n\
                        ```diff\n--- a/c\n+++ b/c\n@@ -1 +1 @@\n x\n-y\n+z\n\n```\n";

    fn steps() -> Vec<Step> {
        Walkthrough::parse(PAGE).steps().cloned().collect()
    }

    #[test]
    fn what_a_reader_does_is_taken_from_the_page() {
        let typed = |command: &str, on_node, printed: &[&str], fails| Step::Type {
            command: command.to_owned(),
            on_node,
            printed: printed.iter().map(|line| (*line).to_owned()).collect(),
            fails,
        };
        let expected = [
            typed("cd wire", false, &[], false),
            typed("cofferctl test", false, &["  ok  … (… ms)"], false),
            typed("true", true, &[], false),
            typed("false", true, &[], true),
            Step::Write {
                path: "a/b.toml".into(),
                text: "a = 1\n".to_owned(),
            },
            Step::Change {
                path: "c".into(),
                hunks: vec![("x\ny\n\n".to_owned(), "x\nz\n\n".to_owned())],
            },
        ];
        assert_eq!(steps(), expected);
    }

    #[test]
    fn what_is_not_printed_is_found() {
        let test = &steps()[1];
        assert_eq!(test.not_printed("begin\n  ok  all of it (3 ms)\nend\n"), None);
        assert_eq!(test.not_printed("  ok  all of it\n"), Some("  ok  … (… ms)"));
    }
}
