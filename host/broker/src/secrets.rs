use cofferdam_protocol::{PluginConfig, json::Node};

/// Parts of keys whose values are nobody's to write down, without `-` and `_`.
const TELLING: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "credential",
];
/// Bytes below which a value is too common to be found in a text.
const SHORTEST: usize = 4;
/// What is written in its place.
const HIDDEN: &str = "[hidden]";

/// The values of a configuration that its keys say are secret. Plugins write
/// their configurations into messages; this keeps those that mean well from
/// telling secrets. It is no protection from one that does not: what it
/// writes in another form is not found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of a plugin's configuration and of `CNI_ARGS`.
    pub(crate) fn new<'a>(
        config: &PluginConfig,
        arguments: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Self {
        let mut found = Vec::new();
        collect(config.tree(), false, &mut found);
        for (key, value) in arguments {
            found.extend(value.filter(|_| is_telling(key)).map(str::to_owned));
        }
        found.retain(|value| value.len() >= SHORTEST);
        // As it stands in a document that is passed on whole.
        let quoted: Vec<String> = found.iter().filter_map(|value| in_json(value)).collect();
        found.extend(quoted);
        // One may be a part of another.
        found.sort_by_key(|value| std::cmp::Reverse(value.len()));
        found.dedup();
        Self(found)
    }

    /// The text without them.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
    }
}

fn collect(node: &Node, secret: bool, found: &mut Vec<String>) {
    match node {
        Node::String(text) if secret => found.push(text.clone()),
        Node::Number(number) if secret => found.push(number.to_string()),
        Node::Array(elements) => elements.iter().for_each(|element| collect(element, secret, found)),
        Node::Object(entries) => entries
            .iter()
            .for_each(|(key, value)| collect(value, secret || is_telling(key), found)),
        _ => {}
    }
}

fn is_telling(key: &str) -> bool {
    let mut plain = key.to_ascii_lowercase();
    plain.retain(|symbol| symbol != '-' && symbol != '_');
    TELLING.iter().any(|part| plain.contains(part))
}

/// A text's inside as JSON writes it, where that differs.
fn in_json(text: &str) -> Option<String> {
    let quoted = Node::from(text).to_text();
    let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (inside != text).then(|| inside.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn secrets(config: &str) -> Secrets {
        let text = format!(r#"{{"cniVersion":"1.0.0","name":"mynet","type":"x",{config}}}"#);
        Secrets::new(
            &PluginConfig::parse(text).unwrap(),
            [
                ("API_TOKEN", Some("from-args")),
                ("IP", Some("10.22.0.5")),
                ("SECRET", None),
            ],
        )
    }

    #[test]
    fn what_a_key_calls_secret_is_hidden_wherever_it_stands() {
        let secrets = secrets(r#""authToken":"tok-123","kube":{"client-secrets":[{"x":"deep-1"}]},"api_key":123456"#);
        for (text, hidden) in [
            ("token tok-123!", "token [hidden]!"),
            ("tok-123deep-1", "[hidden][hidden]"),
            ("key 123456", "key [hidden]"),
            ("from-args for 10.22.0.5", "[hidden] for 10.22.0.5"),
            ("mynet", "mynet"),
        ] {
            assert_eq!(secrets.hide(text), hidden);
        }
    }

    #[test]
    fn a_secret_is_hidden_whole_and_in_json() {
        let secrets = secrets(r#""password":"pass","passwords":["password1"],"token":"a\"b\\c\nd","secret":"abc""#);
        assert_eq!(secrets.hide("password1"), HIDDEN);
        assert_eq!(secrets.hide(r#"{"token":"a\"b\\c\nd"}"#), r#"{"token":"[hidden]"}"#);
        // As short as that it would be found in every second word.
        assert_eq!(secrets.hide("abc"), "abc");
    }
}
