//! Regular expressions, as far as a list of kernel settings has them: the
//! syntax of Go's `regexp`, without flags, named classes and Unicode's.
//!
//! All ways through an expression are followed at once, character by
//! character, so that no text takes longer than its length times the
//! expression's.

/// What matches one character.
#[derive(Clone, Debug)]
enum Class {
    Any,
    One(char),
    Ranges { ranges: Vec<(char, char)>, negated: bool },
}

/// What has to hold between two characters.
#[derive(Clone, Copy, Debug)]
enum Place {
    Start,
    End,
    WordBoundary,
    NoWordBoundary,
}

#[derive(Clone, Debug)]
enum Node {
    Empty,
    Class(Class),
    Place(Place),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat {
        node: Box<Node>,
        least: u32,
        /// Absent: any number.
        most: Option<u32>,
    },
}

#[derive(Clone, Debug)]
enum Step {
    Class(Class),
    Place(Place),
    /// Goes on at both.
    Fork(usize, usize),
    Jump(usize),
    Match,
}

/// Steps that an expression may take.
const MOST_STEPS: usize = 10_000;
/// Go's limit for numbers in braces.
const MOST_REPEATS: u32 = 1000;
/// Groups within groups.
const DEEPEST: u32 = 100;

/// A regular expression that is looked for anywhere in a text.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<Step>);

impl Pattern {
    /// Reads an expression.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let symbols: Vec<char> = text.chars().collect();
        let mut parser = Parser {
            symbols: &symbols,
            next: 0,
            depth: 0,
        };
        let node = parser.choice()?;
        if parser.next < symbols.len() {
            return Err("a ) too many".to_owned());
        }
        let mut steps = Vec::new();
        compile(&node, &mut steps)?;
        steps.push(Step::Match);
        Ok(Self(steps))
    }

    /// Whether a part of the text matches.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        let symbols: Vec<char> = text.chars().collect();
        let mut states = States::new(self.0.len());
        for position in 0..=symbols.len() {
            // A match may begin anywhere.
            if self.follow(0, position, &symbols, &mut states) {
                return true;
            }
            let Some(symbol) = symbols.get(position) else { break };
            let mut next = States::new(self.0.len());
            for state in &states.list {
                if let Some(Step::Class(class)) = self.0.get(*state)
                    && class.holds(*symbol)
                    && self.follow(*state + 1, position + 1, &symbols, &mut next)
                {
                    return true;
                }
            }
            states = next;
        }
        false
    }

    /// Adds the steps that are reached without a character. True when that is
    /// the end.
    fn follow(&self, start: usize, position: usize, symbols: &[char], states: &mut States) -> bool {
        let mut waiting = vec![start];
        while let Some(index) = waiting.pop() {
            if !states.mark(index) {
                continue;
            }
            match self.0.get(index) {
                None => {}
                Some(Step::Match) => return true,
                Some(Step::Class(_)) => states.list.push(index),
                Some(Step::Jump(to)) => waiting.push(*to),
                Some(Step::Fork(first, second)) => waiting.extend([*second, *first]),
                Some(Step::Place(place)) if place.holds(position, symbols) => waiting.push(index + 1),
                Some(Step::Place(_)) => {}
            }
        }
        false
    }
}

/// The steps at which a character is expected.
struct States {
    list: Vec<usize>,
    seen: Vec<bool>,
}

impl States {
    fn new(count: usize) -> Self {
        Self {
            list: Vec::new(),
            seen: vec![false; count],
        }
    }

    /// False when it was marked before.
    fn mark(&mut self, index: usize) -> bool {
        self.seen
            .get_mut(index)
            .is_some_and(|seen| !std::mem::replace(seen, true))
    }
}

impl Class {
    fn holds(&self, symbol: char) -> bool {
        match self {
            Self::Any => symbol != '\n',
            Self::One(one) => *one == symbol,
            Self::Ranges { ranges, negated } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&symbol)) != *negated
            }
        }
    }
}

impl Place {
    fn holds(self, position: usize, symbols: &[char]) -> bool {
        let is_word = |index: Option<usize>| {
            let symbol = index.and_then(|index| symbols.get(index));
            symbol.is_some_and(|symbol| symbol.is_ascii_alphanumeric() || *symbol == '_')
        };
        let boundary = || is_word(position.checked_sub(1)) != is_word(Some(position));
        match self {
            Self::Start => position == 0,
            Self::End => position == symbols.len(),
            Self::WordBoundary => boundary(),
            Self::NoWordBoundary => !boundary(),
        }
    }
}

struct Parser<'a> {
    symbols: &'a [char],
    next: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.symbols.get(self.next).copied()
    }

    fn take(&mut self) -> Option<char> {
        let symbol = self.peek();
        self.next += usize::from(symbol.is_some());
        symbol
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.next += usize::from(is_there);
        is_there
    }

    fn choice(&mut self) -> Result<Node, String> {
        let mut branches = vec![self.sequence()?];
        while self.take_if('|') {
            branches.push(self.sequence()?);
        }
        Ok(match branches.len() {
            1 => branches.pop().unwrap_or(Node::Empty),
            _ => Node::Choice(branches),
        })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut nodes = Vec::new();
        while let Some(symbol) = self.peek() {
            if matches!(symbol, '|' | ')') {
                break;
            }
            let node = self.atom()?;
            nodes.push(self.repeated(node)?);
        }
        Ok(Node::Sequence(nodes))
    }

    fn atom(&mut self) -> Result<Node, String> {
        match self.take() {
            Some('(') => self.group(),
            Some('[') => self.class().map(Node::Class),
            Some('.') => Ok(Node::Class(Class::Any)),
            Some('^') => Ok(Node::Place(Place::Start)),
            Some('$') => Ok(Node::Place(Place::End)),
            Some('\\') => self.escaped(),
            Some(symbol @ ('*' | '+' | '?')) => Err(format!("nothing to repeat before {symbol}")),
            Some(symbol) => Ok(Node::Class(Class::One(symbol))),
            None => Ok(Node::Empty),
        }
    }

    fn group(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("too many groups within groups".to_owned());
        }
        if self.take_if('?') && !self.take_if(':') {
            return Err("groups with (? other than (?: are not supported".to_owned());
        }
        let node = self.choice()?;
        if !self.take_if(')') {
            return Err("a ) is missing".to_owned());
        }
        self.depth -= 1;
        Ok(node)
    }

    /// What follows an atom and says how often it may be there.
    fn repeated(&mut self, node: Node) -> Result<Node, String> {
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.counts() {
                Some(counts) => return self.lazy(node, counts),
                None => return Ok(node),
            },
            _ => return Ok(node),
        };
        self.next += 1;
        self.lazy(node, (least, most))
    }

    /// As little as possible matches as much.
    fn lazy(&mut self, node: Node, (least, most): (u32, Option<u32>)) -> Result<Node, String> {
        self.take_if('?');
        if matches!(self.peek(), Some('*' | '+')) {
            return Err("a repetition is repeated".to_owned());
        }
        if least > MOST_REPEATS || most.is_some_and(|most| most > MOST_REPEATS || most < least) {
            return Err(format!("a repetition of {least} to {most:?} times"));
        }
        Ok(Node::Repeat {
            node: Box::new(node),
            least,
            most,
        })
    }

    /// `{2}`, `{2,}` or `{2,5}`; anything else in braces stands for itself.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let length = self
            .symbols
            .get(self.next..)?
            .iter()
            .position(|symbol| *symbol == '}')?;
        let inside: String = self.symbols.get(self.next + 1..self.next + length)?.iter().collect();
        let counts = match inside.split_once(',') {
            None => {
                let count = inside.parse().ok()?;
                (count, Some(count))
            }
            Some((least, "")) => (least.parse().ok()?, None),
            Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
        };
        self.next += length + 1;
        Some(counts)
    }

    fn escaped(&mut self) -> Result<Node, String> {
        let symbol = self.take().ok_or("a \\ at the end")?;
        Ok(match symbol {
            'A' => Node::Place(Place::Start),
            'z' => Node::Place(Place::End),
            'b' => Node::Place(Place::WordBoundary),
            'B' => Node::Place(Place::NoWordBoundary),
            symbol => match named(symbol) {
                Some((ranges, negated)) => Node::Class(Class::Ranges { ranges, negated }),
                None => Node::Class(Class::One(literal(symbol)?)),
            },
        })
    }

    fn class(&mut self) -> Result<Class, String> {
        let negated = self.take_if('^');
        let mut ranges = Vec::new();
        loop {
            let first = match self.take() {
                None => return Err("a ] is missing".to_owned()),
                // The first may be one.
                Some(']') if !ranges.is_empty() => break,
                Some('[') if self.peek() == Some(':') => {
                    return Err("classes such as [:alpha:] are not supported".to_owned());
                }
                Some('\\') => {
                    let symbol = self.take().ok_or("a \\ at the end")?;
                    match named(symbol) {
                        Some((named, false)) => {
                            ranges.extend(named);
                            continue;
                        }
                        Some(_) => return Err(format!("\\{symbol} in brackets is not supported")),
                        None => literal(symbol)?,
                    }
                }
                Some(symbol) => symbol,
            };
            ranges.push((first, self.range_end(first)?));
        }
        Ok(Class::Ranges { ranges, negated })
    }

    fn range_end(&mut self, first: char) -> Result<char, String> {
        let is_range = self.peek() == Some('-') && self.symbols.get(self.next + 1).is_some_and(|symbol| *symbol != ']');
        if !is_range {
            return Ok(first);
        }
        self.next += 1;
        let last = match self.take() {
            Some('\\') => literal(self.take().ok_or("a \\ at the end")?)?,
            last => last.ok_or("a ] is missing")?,
        };
        if last < first {
            return Err(format!("the range {first}-{last} is empty"));
        }
        Ok(last)
    }
}

/// The class of a letter after a backslash, and whether all but that is meant.
fn named(letter: char) -> Option<(Vec<(char, char)>, bool)> {
    let ranges = match letter.to_ascii_lowercase() {
        'd' => vec![('0', '9')],
        'w' => vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        's' => vec![('\t', '\n'), ('\x0c', '\r'), (' ', ' ')],
        _ => return None,
    };
    Some((ranges, letter.is_ascii_uppercase()))
}

/// What a symbol after a backslash stands for by itself.
fn literal(symbol: char) -> Result<char, String> {
    match symbol {
        't' => Ok('\t'),
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        symbol if symbol.is_ascii_punctuation() => Ok(symbol),
        symbol => Err(format!("\\{symbol} is not supported")),
    }
}

fn compile(node: &Node, steps: &mut Vec<Step>) -> Result<(), String> {
    if steps.len() > MOST_STEPS {
        return Err("it is too long".to_owned());
    }
    match node {
        Node::Empty => {}
        Node::Class(class) => steps.push(Step::Class(class.clone())),
        Node::Place(place) => steps.push(Step::Place(*place)),
        Node::Sequence(nodes) => nodes.iter().try_for_each(|node| compile(node, steps))?,
        Node::Choice(branches) => compile_choice(branches, steps)?,
        Node::Repeat { node, least, most } => {
            for _ in 0..*least {
                compile(node, steps)?;
            }
            match most {
                None => compile_loop(node, steps)?,
                Some(most) => {
                    for _ in *least..*most {
                        compile_option(node, steps)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn compile_choice(branches: &[Node], steps: &mut Vec<Step>) -> Result<(), String> {
    let mut ends = Vec::new();
    for (index, branch) in branches.iter().enumerate() {
        let is_last = index + 1 == branches.len();
        let fork = steps.len();
        if !is_last {
            steps.push(Step::Fork(fork + 1, 0));
        }
        compile(branch, steps)?;
        if !is_last {
            ends.push(steps.len());
            steps.push(Step::Jump(0));
            steps[fork] = Step::Fork(fork + 1, steps.len());
        }
    }
    let end = steps.len();
    for index in ends {
        steps[index] = Step::Jump(end);
    }
    Ok(())
}

fn compile_loop(node: &Node, steps: &mut Vec<Step>) -> Result<(), String> {
    let fork = steps.len();
    steps.push(Step::Jump(0));
    compile(node, steps)?;
    steps.push(Step::Jump(fork));
    steps[fork] = Step::Fork(fork + 1, steps.len());
    Ok(())
}

fn compile_option(node: &Node, steps: &mut Vec<Step>) -> Result<(), String> {
    let fork = steps.len();
    steps.push(Step::Jump(0));
    compile(node, steps)?;
    steps[fork] = Step::Fork(fork + 1, steps.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_and_looked_for(pattern in r"[a-c.*+?|()\[\]{}^$\\0-9,\-]{0,30}", text in "[a-c.]{0,20}") {
            if let Ok(pattern) = Pattern::new(&pattern) {
                pattern.is_in(&text);
            }
        }

        #[test]
        fn a_text_is_in_itself(text in "[a-z_]{0,20}", around in "[a-z]{0,5}") {
            let whole = [around.as_str(), &text, &around].concat();
            prop_assert!(Pattern::new(&text).unwrap().is_in(&whole));
        }
    }

    #[test]
    fn expressions_are_gos() {
        for (pattern, yes, no) in [
            (
                "net.ipv4",
                &["net.ipv4.ip_forward", "net/ipv4/x"][..],
                &["net.ipv6.x"][..],
            ),
            (r"^net\.ipv4\.", &["net.ipv4.x"], &["net/ipv4/x", "a.net.ipv4.x"]),
            (
                r"^net.ipv4.conf.[a-z]+[0-9]*.arp_filter$",
                &["net.ipv4.conf.eth0.arp_filter", "net.ipv4.conf.all.arp_filter"],
                &["net.ipv4.conf.eth0.arp_filters", "net.ipv4.conf.0.arp_filter"],
            ),
            ("a|bc|d$", &["xa", "bc", "d"], &["b", "dx"]),
            ("^(ab)*$", &["", "ab", "abab"], &["aba", "b"]),
            ("^(?:a|b){2,3}$", &["ab", "bba"], &["a", "abab"]),
            ("^a{2}$", &["aa"], &["a", "aaa"]),
            ("^a{2,}?b", &["aab", "aaaab"], &["ab"]),
            ("a{x}", &["a{x}"], &["a"]),
            (r"^[^.\d-]+$", &["abc"], &["a.c", "a1", "a-c"]),
            ("^[]a]$", &["]", "a"], &["b"]),
            (r"\bif\b", &["an if.x"], &["iff"]),
            (r"^\w+\s\S$", &["ab c"], &["ab  ", "-b c"]),
            ("", &["", "anything"], &[]),
            ("()|x", &["", "y"], &[]),
        ] {
            let compiled = Pattern::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            for text in yes {
                assert!(compiled.is_in(text), "{pattern} in {text:?}");
            }
            for text in no {
                assert!(!compiled.is_in(text), "{pattern} in {text:?}");
            }
        }
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for pattern in [
            "*a",
            "a**",
            "(a",
            "a)",
            "[a",
            "(?i)a",
            "[[:alpha:]]",
            r"\pL",
            r"a\",
            "[z-a]",
            "a{1001}",
            "a{3,2}",
            "((a{1000}){1000}){1000}",
        ] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn what_takes_others_for_ever_is_over_at_once() {
        let pattern = Pattern::new("^(a|a|aa)*(a*)*$").unwrap();
        assert!(!pattern.is_in(&format!("{}b", "a".repeat(2000))));
    }
}
