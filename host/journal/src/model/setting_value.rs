/// Whether two texts are the same value of a kernel setting: the kernel gives
/// back numbers in its own spelling, with tabs between them.
pub(crate) fn same_value(one: &str, other: &str) -> bool {
    let mut words = one.split_ascii_whitespace();
    let mut others = other.split_ascii_whitespace();
    loop {
        match (words.next(), others.next()) {
            (None, None) => return true,
            (Some(word), Some(other)) if same_word(word, other) => {}
            _ => return false,
        }
    }
}

fn same_word(one: &str, other: &str) -> bool {
    let number = |word: &str| word.parse::<i128>().ok();
    one == other || number(one).zip(number(other)).is_some_and(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_makes_no_difference() {
        for (one, other, same) in [
            ("1", "1", true),
            ("1", "01", true),
            ("1", "+1", true),
            ("1024 65000", "1024\t65000", true),
            ("1", " 1\n", true),
            ("cubic", "cubic", true),
            ("", "", true),
            ("1", "2", false),
            ("1", "1 2", false),
            ("1 2", "1", false),
            ("cubic", "reno", false),
            ("1", "one", false),
        ] {
            assert_eq!(same_value(one, other), same, "{one:?} {other:?}");
            assert_eq!(same_value(other, one), same, "{other:?} {one:?}");
        }
    }
}
