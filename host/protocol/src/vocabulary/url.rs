use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Origin, UrlProblem};

/// Bytes of a URL.
const LONGEST: usize = 2048;

/// A URL of a request, which every server and every check reads as the same:
/// without user name, fragment, dot segments, and characters that are encoded
/// to hide what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    origin: Origin,
    path: String,
    query: Option<String>,
}

impl Url {
    /// Where it leads.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its path, which begins with a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl FromStr for Url {
    type Err = UrlProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err(UrlProblem::Long(LONGEST));
        }
        let (origin, rest) = Origin::read(text)?;
        if rest.contains('#') {
            return Err(UrlProblem::Fragment);
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let path = if path.is_empty() { "/" } else { path };
        check_path(path)?;
        if let Some(query) = query {
            check_characters(query, |byte| matches!(byte, b'/' | b'?'), |_| true)?;
        }
        Ok(Self {
            origin,
            path: path.to_owned(),
            query: query.map(str::to_owned),
        })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)?;
        match &self.query {
            Some(query) => write!(f, "?{query}"),
            None => Ok(()),
        }
    }
}

/// What a path begins with, in whole segments: `/v1` is for `/v1` and `/v1/x`,
/// and not for `/v1x`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathPrefix(String);

impl PathPrefix {
    /// Whether a path lies within.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        path.strip_prefix(&self.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.0.ends_with('/'))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PathPrefix {
    type Err = UrlProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err(UrlProblem::Long(LONGEST));
        }
        check_path(text)?;
        Ok(Self(text.to_owned()))
    }
}

fn check_path(path: &str) -> Result<(), UrlProblem> {
    if !path.starts_with('/') {
        return Err(UrlProblem::Path);
    }
    // An encoded slash, dot or percent sign is another path to those who decode first.
    let has_meaning = |byte: u8| matches!(byte, b'/' | b'\\' | b'.' | b'%' | b';' | 0..=0x1f | 0x7f);
    check_characters(path, |byte| byte == b'/', |decoded| !has_meaning(decoded))?;
    for segment in path.split('/') {
        // Some servers take away what follows a semicolon first.
        let name = segment.split(';').next().unwrap_or_default();
        if matches!(name, "." | "..") {
            return Err(UrlProblem::DotSegment(segment.to_owned()));
        }
    }
    Ok(())
}

/// Those of RFC 3986, with what `besides` says; what is encoded has to be
/// `encodable`.
fn check_characters(
    text: &str,
    besides: impl Fn(u8) -> bool,
    encodable: impl Fn(u8) -> bool,
) -> Result<(), UrlProblem> {
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        rest = after;
        if character == '%' {
            let digits = after
                .get(..2)
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
            let decoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let Some(_) = decoded.filter(|byte| encodable(*byte)) else {
                let shown: String = std::iter::once('%').chain(after.chars().take(2)).collect();
                return Err(UrlProblem::Encoding(shown));
            };
            rest = &after[2..];
            continue;
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) || besides(byte);
        if !u8::try_from(character).is_ok_and(plain) {
            return Err(UrlProblem::Character(character));
        }
    }
    Ok(())
}

impl Serialize for Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for PathPrefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PathPrefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_is_an_origin_with_a_path_and_perhaps_a_query() {
        for (text, path, form) in [
            ("https://ipam.example", "/", "https://ipam.example/"),
            ("https://ipam.example?a=b", "/", "https://ipam.example/?a=b"),
            ("https://IPAM.example:443/v1/A", "/v1/A", "https://ipam.example/v1/A"),
            (
                "http://10.1.2.3:81/a%20b/c:d@e?x=/?%2F",
                "/a%20b/c:d@e",
                "http://10.1.2.3:81/a%20b/c:d@e?x=/?%2F",
            ),
            ("http://[::1]/...", "/...", "http://[::1]/..."),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!((url.path(), url.to_string().as_str()), (path, form), "{text}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_no_url() {
        for rest in [
            "/a#b",
            "#b",
            "/a/../b",
            "/..",
            "/a/..",
            "/./a",
            "/a/.",
            "/a/..;x/b",
            "/.;/b",
            "/%2e%2e/b",
            "/%2E/b",
            "/a%2fb",
            "/a%5cb",
            "/a%00",
            "/a%0d%0aX",
            "/a%25",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%3b",
            "\\a",
            "/a\\b",
            "/a b",
            "/a\tb",
            "/a\r\nX: y",
            "/ä",
            "/a|b",
            "/a\"b",
            "/<a>",
            "/{a}",
            "/a^b",
            "/a`b",
            "/[a]",
            "/?a#b",
            "/?a b",
            "/?%",
            "/?a\\b",
            "/?[a]",
        ] {
            let text = format!("https://ipam.example{rest}");
            assert!(text.parse::<Url>().is_err(), "{text}");
        }
        let long = format!("https://ipam.example/{}", "a".repeat(LONGEST));
        assert_eq!(long.parse::<Url>(), Err(UrlProblem::Long(LONGEST)));
    }

    #[test]
    fn a_prefix_is_of_whole_segments() {
        for (prefix, path, covers) in [
            ("/", "/", true),
            ("/", "/a/b", true),
            ("/v1", "/v1", true),
            ("/v1", "/v1/", true),
            ("/v1", "/v1/a", true),
            ("/v1", "/v1a", false),
            ("/v1", "/v", false),
            ("/v1", "/V1", false),
            ("/v1/", "/v1", false),
            ("/v1/", "/v1/a", true),
            ("/v1", "//v1", false),
        ] {
            let parsed: PathPrefix = prefix.parse().unwrap();
            assert_eq!(parsed.covers(path), covers, "{prefix} {path}");
        }
        for text in ["", "v1", "/v1/..", "/v1?a", "/v1#a", "/*\\", "/%2e"] {
            assert!(text.parse::<PathPrefix>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_read_is_written_alike(
            text in "(https?://)?[a-z0-9.:@\\[\\]/?#%&=;_ \\\\-]{0,40}|\\PC{0,60}",
        ) {
            if let Ok(url) = text.parse::<Url>() {
                let written = url.to_string();
                prop_assert_eq!(written.parse::<Url>(), Ok(url));
                prop_assert!(written.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
