//! What services answer in a scenario, as its file says.

use std::{fmt, path::Path};

use cofferdam_http::{Header, Method, Response};
use cofferdam_protocol::Url;
use serde_json::Value as Json;

use crate::{
    ReadError,
    document::{Result, Source, Table, Value, advice},
    file::read_text,
};

const KEYS: [&str; 6] = ["method", "url", "request", "status", "headers", "body"];

/// What services answer, as a file of its own says: the `[[http]]` of a
/// scenario, and nothing else.
///
/// # Errors
/// It can't be read, or what is wrong with it, and in which line.
pub fn load_answers(path: &Path) -> std::result::Result<Vec<Answered>, ReadError> {
    Ok(parse_answers(path, &read_text(path)?)?)
}

fn parse_answers(path: &Path, text: &str) -> Result<Vec<Answered>> {
    Source { path, text }.read(|root| {
        root.refuse_unknown(&["http"])?;
        let answers = read(root)?;
        if answers.is_empty() {
            return Err(root.error("there is no [[http]] in the file"));
        }
        Ok(answers)
    })
}

/// What a service answers to a request.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Of the request.
    pub method: Method,
    /// Where it goes.
    pub url: Url,
    /// What the request's body has to have, in JSON.
    pub request: Option<Json>,
    /// What comes back.
    pub response: Response,
}

/// Reads the answers that a table has.
pub(crate) fn read(table: &Table<'_>) -> Result<Vec<Answered>> {
    let Some(value) = table.get("http") else {
        return Ok(Vec::new());
    };
    value.list()?.iter().map(|item| answered(&item.table()?)).collect()
}

fn answered(table: &Table<'_>) -> Result<Answered> {
    table.refuse_unknown(&KEYS)?;
    let required = |key: &str| table.get(key).ok_or_else(|| table.error(format!("it has no {key:?}")));
    let method = method(&required("method")?)?;
    let url = required("url")?;
    let url = url.text()?.parse().map_err(|problem| url.error(problem))?;
    let body = table.get("body").map(|body| body_of(&body)).transpose()?;
    Ok(Answered {
        method,
        url,
        request: table.get("request").map(|request| request.json()).transpose()?,
        response: Response {
            status: table.get("status").map_or(Ok(200), |status| status_of(&status))?,
            headers: table
                .get("headers")
                .map_or(Ok(Vec::new()), |headers| headers_of(&headers))?,
            body: body.unwrap_or_default(),
        },
    })
}

fn method(value: &Value<'_>) -> Result<Method> {
    let word = value.text()?;
    Method::from_word(word).ok_or_else(|| {
        let words = Method::ALL.map(Method::word);
        value.error(format!("nothing is called {word:?}; {}", advice(word, &words)))
    })
}

fn status_of(value: &Value<'_>) -> Result<u16> {
    let status = u16::try_from(value.number()?).ok();
    status
        .filter(|status| (200..=599).contains(status))
        .ok_or_else(|| value.error("a response's status is from 200 to 599"))
}

fn headers_of(value: &Value<'_>) -> Result<Vec<Header>> {
    let table = value.table()?;
    let header = |(name, value): (&str, Value<'_>)| {
        Ok(Header {
            name: name.to_ascii_lowercase(),
            value: value.text()?.to_owned(),
        })
    };
    table.iter().map(header).collect()
}

/// A text as it is, everything else as JSON.
fn body_of(value: &Value<'_>) -> Result<Vec<u8>> {
    if value.is_text() {
        return Ok(value.text()?.as_bytes().to_vec());
    }
    Ok(value.plain_json()?.to_string().into_bytes())
}

/// The request that it is an answer to.
impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)?;
        match &self.request {
            Some(request) => write!(f, " with {request}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> Result<Vec<Answered>> {
        parse_answers(Path::new("answers.toml"), text)
    }

    #[test]
    fn answers_are_written_as_in_a_scenario() {
        let text = r#"
[[http]]
method = "POST"
url = "https://ipam.example/v1/addresses"
request = '{ "container": "c1" }'
status = 201
body = { address = "10.31.0.5/24" }

[[http]]
method = "DELETE"
url = "https://ipam.example/v1/addresses/10.31.0.5"
"#;
        let answers = parse(text).unwrap();
        let told: Vec<String> = answers.iter().map(ToString::to_string).collect();
        let post = r#"POST https://ipam.example/v1/addresses with {"container":"c1"}"#;
        assert_eq!(told, [post, "DELETE https://ipam.example/v1/addresses/10.31.0.5"]);
        assert_eq!(answers[0].response.status, 201);
        assert_eq!(answers[0].response.body, br#"{"address":"10.31.0.5/24"}"#);
    }

    #[test]
    fn a_slip_is_told_with_its_line() {
        for (text, told) in [
            ("", "there is no [[http]]"),
            ("[given]\n", "given"),
            ("[[http]]\nmethod = \"GET\"\n", "answers.toml:1: "),
            (
                "[[http]]\nmethod = \"FETCH\"\nurl = \"https://a.example/\"\n",
                "answers.toml:2: ",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text:?}: {error}");
        }
    }
}
