use cofferdam_guest_sdk::Failure;

/// Words, one after the other.
pub(super) struct Words<'w> {
    rest: std::slice::Iter<'w, String>,
}

impl<'w> Words<'w> {
    pub(super) fn new(words: &'w [String]) -> Self {
        Self { rest: words.iter() }
    }

    pub(super) fn next(&mut self) -> Option<&'w str> {
        self.rest.next().map(String::as_str)
    }

    /// What has to come after a word.
    pub(super) fn after(&mut self, word: &str) -> Result<&'w str, Failure> {
        let missing = || Failure::invalid_config(format!("{word:?} lacks its value"));
        self.next().ok_or_else(missing)
    }

    /// Takes one of these words, if it is the next one.
    pub(super) fn take(&mut self, any: &[&str]) -> Option<&'w str> {
        let next = self
            .rest
            .as_slice()
            .first()
            .filter(|next| any.contains(&next.as_str()))?;
        self.rest.next();
        Some(next)
    }
}
