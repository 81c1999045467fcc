use std::env;

/// Says that plugins in a language are left out; a failure where the variable
/// `COFFERDAM_TESTS_LANGUAGES` names it.
///
/// # Panics
/// Then.
pub fn leave_out_language(language: &str, reason: &str) {
    let wanted = env::var("COFFERDAM_TESTS_LANGUAGES").unwrap_or_default();
    let is_wanted = wanted.split([',', ' ']).any(|word| word == language || word == "all");
    assert!(!is_wanted, "{reason}");
    eprintln!("skipped: {reason}");
}
