/// "did you mean …?" where one of the known words is close, else all of them.
pub(crate) fn closest_or_all(word: &str, known: &[&str]) -> String {
    match closest(word, known) {
        Some(known) => format!("did you mean {known:?}?"),
        None => format!("known: {}", known.join(", ")),
    }
}

/// The known word that fewest edits lead to, if they are few for its length:
/// for "did you mean …?".
#[must_use]
pub fn closest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    // What is this long is no slip of the pen, and the distance takes time.
    if word.len() > 64 {
        return None;
    }
    known
        .iter()
        .map(|known| (distance(word, known), *known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Edits that turn one word into the other, where an edit adds, removes or
/// replaces a character or swaps two neighbours (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for row in 1..=left.len() {
        let mut current = vec![row];
        for column in 1..=right.len() {
            let same = left[row - 1] == right[column - 1];
            let mut edits = (previous[column - 1] + usize::from(!same))
                .min(previous[column] + 1)
                .min(current[column - 1] + 1);
            let swapped =
                row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1];
            if swapped {
                edits = edits.min(before[column - 2] + 1);
            }
            current.push(edits);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or(left.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_leads_to_the_word_that_was_meant() {
        let known = ["names", "kinds", "link.create", "destinations"];
        for (word, expected) in [
            ("name", Some("names")),
            ("nmaes", Some("names")),
            ("Names", Some("names")),
            ("kind", Some("kinds")),
            ("link.craete", Some("link.create")),
            ("destination", Some("destinations")),
            ("quota", None),
            ("", None),
        ] {
            assert_eq!(closest(word, &known), expected, "{word}");
        }
    }
}
