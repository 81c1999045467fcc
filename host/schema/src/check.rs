//! A configuration held against the rules, in the form that is kept of them.

use cofferdam_protocol::json::Node;
use serde_json::Number;

use crate::{
    Violation,
    compiled::{AdditionalView, PropertyView, View, meant, root},
    is_cni_key,
    number::compare,
    place::Place,
    rule::Kind,
};

/// What does not fit and is told.
const MOST_VIOLATIONS: usize = 20;
/// Values and keys that are looked at, and what they are compared with.
const MOST_STEPS: usize = 1 << 20;
/// Bytes that are read in the time of a step.
const BYTES_OF_A_STEP: usize = 8;
/// Keys and values that a message lists.
const MOST_LISTED: usize = 20;

/// What does not fit; `None` where the bytes are no rules.
pub(crate) fn check(rules: &[u8], configuration: &Node) -> Option<Vec<Violation>> {
    let mut checker = Checker {
        violations: Vec::new(),
        steps: MOST_STEPS,
        is_over: false,
    };
    let rule = root(rules)?;
    match configuration {
        Node::Object(_) => checker.value(rule, configuration, &Place::Root)?,
        other => checker.tell(
            &Place::Root,
            format!("expected an object, found {}", other.shown()),
            "write the configuration in braces",
        ),
    }
    Some(checker.violations)
}

struct Checker {
    violations: Vec<Violation>,
    /// What is left of them.
    steps: usize,
    /// They did not suffice, and that was told.
    is_over: bool,
}

impl Checker {
    fn tell(&mut self, place: &Place<'_>, problem: impl Into<String>, way_out: impl Into<String>) {
        if self.violations.len() < MOST_VIOLATIONS {
            self.violations.push(Violation {
                path: place.to_string(),
                problem: problem.into(),
                way_out: way_out.into(),
            });
        }
    }

    /// Whether there is anything left to be told, and time for it.
    fn goes_on(&mut self, place: &Place<'_>, steps: usize) -> bool {
        if self.is_over || self.violations.len() >= MOST_VIOLATIONS {
            return false;
        }
        let Some(left) = self.steps.checked_sub(steps) else {
            self.is_over = true;
            self.tell(
                place,
                "from here on it takes too long to hold the configuration against the schema",
                "make it smaller",
            );
            return false;
        };
        self.steps = left;
        true
    }

    fn value(&mut self, rule: &[u8], node: &Node, place: &Place<'_>) -> Option<()> {
        if *node == Node::Null || !self.goes_on(place, 1) {
            return Some(());
        }
        let rule = View::read(rule)?;
        if !rule.is_of_kind(node) {
            self.tell_kind(&rule.kinds(), node, place);
            return Some(());
        }
        // They are read anew each time, all of them.
        if !self.goes_on(place, rule.size_of_values() / BYTES_OF_A_STEP) {
            return Some(());
        }
        if let Some(values) = rule.values()? {
            self.one_of(&values, node, place);
        }
        match node {
            Node::Object(entries) => self.object(&rule, entries, place),
            Node::Array(elements) => self.array(&rule, elements, place),
            Node::String(text) => {
                self.text(&rule, text, node, place);
                Some(())
            }
            Node::Number(number) => self.number(&rule, number, place),
            Node::Null | Node::Bool(_) => Some(()),
        }
    }

    fn tell_kind(&mut self, kinds: &[Kind], node: &Node, place: &Place<'_>) {
        let expected: Vec<String> = kinds.iter().map(Kind::to_string).collect();
        let problem = format!("expected {}, found {}", expected.join(" or "), node.shown());
        self.tell(place, problem, way_to_kind(kinds, node));
    }

    fn one_of(&mut self, values: &[Node], node: &Node, place: &Place<'_>) {
        if values.contains(node) {
            return;
        }
        let listed = listed(values.iter().map(Node::shown));
        self.tell(
            place,
            format!("{} is not among what it may be", node.shown()),
            format!("write {listed}"),
        );
    }

    fn object(&mut self, rule: &View<'_>, entries: &[(String, Node)], place: &Place<'_>) -> Option<()> {
        let properties = rule.properties()?;
        if !self.goes_on(place, properties.len()) {
            return Some(());
        }
        let mut chosen: Vec<Option<&Node>> = vec![None; properties.len()];
        for (key, node) in entries {
            if !self.goes_on(place, 1 + properties.len()) {
                return Some(());
            }
            match meant(&properties, key) {
                Some(number) => {
                    if let Some(slot) = chosen.get_mut(number) {
                        *slot = Some(node);
                    }
                }
                None if is_cni_key(place, key) => {}
                None => self.additional(rule, &properties, (key, node), place)?,
            }
        }
        for (property, node) in properties.iter().zip(chosen) {
            match node {
                Some(node) if *node != Node::Null => {
                    self.value(property.rule, node, &Place::Key(place, property.name))?;
                }
                _ if property.is_required => {
                    self.tell(place, format!("the key {:?} is missing", property.name), "add it");
                }
                _ => {}
            }
        }
        Some(())
    }

    fn additional(
        &mut self,
        rule: &View<'_>,
        properties: &[PropertyView<'_>],
        (key, node): (&str, &Node),
        place: &Place<'_>,
    ) -> Option<()> {
        match rule.additional {
            AdditionalView::Open => Some(()),
            AdditionalView::Like(rule) => self.value(rule, node, &Place::Key(place, key)),
            AdditionalView::Refused => {
                let known = listed(properties.iter().map(|property| format!("{:?}", property.name)));
                let way_out = if properties.is_empty() {
                    "leave it out".to_owned()
                } else {
                    format!("leave it out, or write {known}")
                };
                self.tell(&Place::Key(place, key), "there is no such key", way_out);
                Some(())
            }
        }
    }

    fn array(&mut self, rule: &View<'_>, elements: &[Node], place: &Place<'_>) -> Option<()> {
        let count = u64::try_from(elements.len()).unwrap_or(u64::MAX);
        if let Some(least) = rule.count.least.filter(|least| count < *least) {
            self.tell(
                place,
                format!("it has {count} elements"),
                format!("write at least {least}"),
            );
        }
        if let Some(most) = rule.count.most.filter(|most| count > *most) {
            self.tell(
                place,
                format!("it has {count} elements"),
                format!("write at most {most}"),
            );
        }
        let Some(items) = rule.items else {
            return Some(());
        };
        for (index, element) in elements.iter().enumerate() {
            let place = Place::Index(place, index);
            if !self.goes_on(&place, 1) {
                return Some(());
            }
            self.value(items, element, &place)?;
        }
        Some(())
    }

    fn text(&mut self, rule: &View<'_>, text: &str, node: &Node, place: &Place<'_>) {
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        if let Some(least) = rule.length.least.filter(|least| length < *least) {
            self.tell(
                place,
                format!("it has {length} characters"),
                format!("write at least {least}"),
            );
        }
        if let Some(most) = rule.length.most.filter(|most| length > *most) {
            self.tell(
                place,
                format!("it has {length} characters"),
                format!("write at most {most}"),
            );
        }
        if let Some(format) = rule.format.filter(|format| !format.holds(text)) {
            let problem = format!("{} is not {}", node.shown(), format.noun());
            let way_out = format!("write {}, as {}", format.noun(), format.example());
            self.tell(place, problem, way_out);
        }
    }

    fn number(&mut self, rule: &View<'_>, number: &Number, place: &Place<'_>) -> Option<()> {
        if let Some(minimum) = rule.minimum()?.filter(|minimum| compare(number, minimum).is_lt()) {
            self.tell(
                place,
                format!("{number} is too little"),
                format!("write at least {minimum}"),
            );
        }
        if let Some(maximum) = rule.maximum()?.filter(|maximum| compare(number, maximum).is_gt()) {
            self.tell(
                place,
                format!("{number} is too much"),
                format!("write at most {maximum}"),
            );
        }
        Some(())
    }
}

fn way_to_kind(kinds: &[Kind], node: &Node) -> String {
    match node {
        Node::String(text) if is_quoted(kinds, text) => format!("write {text} without quotation marks"),
        Node::Number(number) if kinds.contains(&Kind::Integer) && number.is_f64() => {
            "write it without a point and without an exponent".to_owned()
        }
        Node::Number(_) | Node::Bool(_) if kinds.contains(&Kind::String) => {
            format!("write \"{}\" in quotation marks", node.shown())
        }
        _ if kinds.contains(&Kind::Array) && !matches!(node, Node::Object(_)) => "write a list in brackets".to_owned(),
        _ => {
            let expected: Vec<String> = kinds.iter().map(Kind::to_string).collect();
            format!("write {}", expected.join(" or "))
        }
    }
}

/// Whether a text is a value of one of these kinds that was quoted by mistake.
fn is_quoted(kinds: &[Kind], text: &str) -> bool {
    /// Bytes of a number that somebody wrote.
    const SHORT: usize = 24;
    let is_plain = |node: &Node| matches!(node, Node::Bool(_) | Node::Number(_));
    let fits = |node: Node| is_plain(&node) && kinds.iter().any(|kind| kind.holds(&node));
    text.len() <= SHORT && Node::parse(text).is_ok_and(fits)
}

fn listed(items: impl ExactSizeIterator<Item = String>) -> String {
    let count = items.len();
    let mut listed: Vec<String> = items.take(MOST_LISTED).collect();
    if count > MOST_LISTED {
        listed.push("…".to_owned());
    }
    listed.join(" or ")
}
