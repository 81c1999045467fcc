//! What two patterns have in common.

use super::Pattern;

/// Steps that a comparison may take. Patterns that need more are no names
/// that anybody has, and nothing but a warning depends on the answer.
const STEPS: usize = 1 << 20;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Symbol {
    Star,
    Character(char),
}

impl Pattern {
    /// Whether every name of `other` is one of this pattern.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        let (pattern, text) = (self.symbols(), other.symbols());
        if pattern.len().saturating_mul(text.len()) > STEPS {
            return self == other;
        }
        // A star of the other stands for any characters, also for ones that are nowhere in this pattern; so only a star
        // can match it, and it is matched like a character of its own.
        let mut reached = vec![false; text.len() + 1];
        reached[0] = true;
        for symbol in pattern {
            match symbol {
                Symbol::Star => {
                    let first = reached.iter().position(|reached| *reached).unwrap_or(reached.len());
                    reached[first..].fill(true);
                }
                Symbol::Character(_) => {
                    for end in (1..reached.len()).rev() {
                        reached[end] = reached[end - 1] && text[end - 1] == symbol;
                    }
                    reached[0] = false;
                }
            }
        }
        reached[text.len()]
    }

    /// Whether some name is of both patterns.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let (left, right) = (self.symbols(), other.symbols());
        if left.len().saturating_mul(right.len()) > STEPS {
            return true;
        }
        // From the end: whether what is left of both can be the same text.
        let mut below = vec![false; right.len() + 1];
        for i in (0..=left.len()).rev() {
            let mut row = vec![false; right.len() + 1];
            for j in (0..=right.len()).rev() {
                row[j] = match (left.get(i), right.get(j)) {
                    (None, None) => true,
                    (Some(Symbol::Star), Some(_)) | (Some(_), Some(Symbol::Star)) => below[j] || row[j + 1],
                    (Some(one), Some(other)) => one == other && below[j + 1],
                    (Some(one), None) => *one == Symbol::Star && below[j],
                    (None, Some(other)) => *other == Symbol::Star && row[j + 1],
                };
            }
            below = row;
        }
        below[0]
    }

    /// Whether it stands for every name.
    pub(crate) fn is_everything(&self) -> bool {
        self.symbols().iter().all(|symbol| *symbol == Symbol::Star)
    }

    /// The characters that each of its names has, piece by piece.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.first).chain(self.rest.iter().map(|piece| &**piece))
    }

    /// The name, if it stands for one only.
    pub(crate) fn only_name(&self) -> Option<&str> {
        self.rest.is_empty().then_some(&*self.first)
    }

    fn symbols(&self) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = self.first.chars().map(Symbol::Character).collect();
        for piece in &self.rest {
            symbols.push(Symbol::Star);
            symbols.extend(piece.chars().map(Symbol::Character));
        }
        symbols
    }
}
