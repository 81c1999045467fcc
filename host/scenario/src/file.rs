//! Reads files of scenarios. Described for people in `docs/scenarios.md`.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use cofferdam_protocol::{Place, Verb};
use serde_json::Value as Json;
use thiserror::Error;

use crate::{
    Action, Answer, Deed, Expected, Fact, FileError, Given, RequestParts, Scenario, ScenarioFile, Step,
    document::{Result, Source, Table, Value, advice},
    service,
};

pub(crate) const GIVEN_KEYS: [&str; 17] = [
    "policy",
    "policy-of",
    "config",
    "config-file",
    "config-with",
    "config-without",
    "plugin",
    "container-id",
    "interface",
    "args",
    "runtime-config",
    "previous",
    "files",
    "node",
    "container",
    "restored",
    "http",
];
pub(crate) const REQUEST_KEYS: [&str; 6] = [
    "container-id",
    "interface",
    "args",
    "runtime-config",
    "config-with",
    "config-without",
];
pub(crate) const ANSWER_KEYS: [&str; 4] = ["result", "exact-result", "error", "denied"];
/// What a step can do.
pub(crate) const DEEDS: [&str; 6] = ["ADD", "CHECK", "DEL", "STATUS", "GC", "change"];

/// Longest file in bytes.
const LONGEST: u64 = 1 << 20;

/// Why there are no scenarios in a file.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It can't be read.
    #[error("read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Nobody writes so much.
    #[error("{}: it has more than {LONGEST} bytes", .0.display())]
    TooLong(PathBuf),
    /// Something in it is wrong.
    #[error(transparent)]
    Wrong(#[from] FileError),
}

impl ScenarioFile {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, and in which line.
    pub fn load(path: &Path) -> std::result::Result<Self, ReadError> {
        Ok(Self::parse(path, &read_text(path)?)?)
    }

    /// Reads a file's text; files that it names are below its directory.
    ///
    /// # Errors
    /// What is wrong with it, and in which line.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        Source { path, text }.read(|root| {
            root.refuse_unknown(&["plugins", "given", "scenario"])?;
            let directory = path.parent().unwrap_or(path);
            let mut plugins = BTreeMap::new();
            if let Some(table) = root.get("plugins") {
                for (name, value) in table.table()?.iter() {
                    plugins.insert(name.to_owned(), directory.join(value.text()?));
                }
            }
            let given = root.get("given").map(|given| given.table()).transpose()?;
            if let Some(given) = &given {
                given.refuse_unknown(&GIVEN_KEYS)?;
            }
            let Some(scenarios) = root.get("scenario") else {
                return Err(root.error("there is no [[scenario]] in the file"));
            };
            let mut read = Vec::new();
            for scenario in scenarios.list()? {
                read.push(self::scenario(directory, given.as_ref(), &scenario.table()?)?);
            }
            Ok(Self {
                plugins,
                scenarios: read,
            })
        })
    }
}

/// A file's text, of which nobody writes more than so much.
pub(crate) fn read_text(path: &Path) -> std::result::Result<String, ReadError> {
    let unreadable = |source| ReadError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LONGEST {
        return Err(ReadError::TooLong(path.to_owned()));
    }
    Ok(text)
}

fn scenario(directory: &Path, common: Option<&Table<'_>>, own: &Table<'_>) -> Result<Scenario> {
    own.refuse_unknown(&[&GIVEN_KEYS[..], &["name", "step"]].concat())?;
    let name = own.get("name").ok_or_else(|| own.error("it has no name"))?.text()?;
    let steps = own
        .get("step")
        .ok_or_else(|| own.error("it has no [[scenario.step]]"))?;
    let given = given(directory, common, own)?;
    let restored = either(common, own, "restored")
        .map(|value| value.boolean())
        .transpose()?;
    let mut read = Vec::new();
    for table in steps.list()? {
        read.push(step(&table.table()?, &given.request)?);
    }
    Ok(Scenario {
        name: name.to_owned(),
        line: own.line(),
        given,
        steps: read,
        restored: restored.unwrap_or(true),
    })
}

/// A key of the scenario's own, or else of what all of the file have.
fn either<'t>(common: Option<&Table<'t>>, own: &Table<'t>, key: &str) -> Option<Value<'t>> {
    own.get(key).or_else(|| common?.get(key))
}

fn given(directory: &Path, common: Option<&Table<'_>>, own: &Table<'_>) -> Result<Given> {
    let get = |key| either(common, own, key);
    let policies = get("policy")
        .map(|value| value.texts())
        .transpose()?
        .unwrap_or_default();
    let mut policy_of = BTreeMap::new();
    let mut files = BTreeMap::new();
    let mut facts: [Vec<Fact>; 2] = Default::default();
    let mut request = RequestParts::default();
    let mut services = Vec::new();
    // The scenario's own go before those of all.
    for table in common.into_iter().chain([own]).rev() {
        services.extend(service::read(table)?);
    }
    for table in common.into_iter().chain([own]) {
        if let Some(texts) = table.get("policy-of") {
            for (plugin, text) in texts.table()?.iter() {
                policy_of.insert(plugin.to_owned(), text.text()?.to_owned());
            }
        }
        if let Some(texts) = table.get("files") {
            for (path, text) in texts.table()?.iter() {
                files.insert(file_of_node(path, &text)?, text.text()?.to_owned());
            }
        }
        for (key, facts) in ["node", "container"].into_iter().zip(&mut facts) {
            facts.extend(
                table
                    .get(key)
                    .map(|value| lines(&value))
                    .transpose()?
                    .unwrap_or_default(),
            );
        }
        request.take(table)?;
    }
    let previous = get("previous").filter(|value| !value.is_text() || value.text().is_ok_and(|text| !text.is_empty()));
    let [node, container] = facts;
    Ok(Given {
        policies: policies.iter().map(|path| directory.join(path)).collect(),
        policy_of,
        config: config(directory, common, own)?,
        plugin: get("plugin").map(|value| value.text().map(str::to_owned)).transpose()?,
        request,
        previous: previous.map(|value| value.json()).transpose()?,
        files,
        node,
        container,
        services,
    })
}

/// The path of a file that a scenario may put on the node.
fn file_of_node(path: &str, value: &Value<'_>) -> Result<PathBuf> {
    let is_plain = path
        .split('/')
        .skip(1)
        .all(|part| !part.is_empty() && part != "." && part != "..");
    if !path.starts_with('/') || !is_plain || path.contains('\0') {
        return Err(value.error("expected the whole path of a file on the node, as in \"/etc/resolv.conf\""));
    }
    if path.starts_with("/etc/cni/") || path.starts_with("/etc/resolv") {
        return Ok(path.into());
    }
    Err(value.error("plugins read no files but those in /etc/cni/ and /etc/resolv…"))
}

/// The configuration: the scenario's own, written here or in a file, or else
/// that of all.
fn config(directory: &Path, common: Option<&Table<'_>>, own: &Table<'_>) -> Result<Json> {
    for table in [Some(own), common].into_iter().flatten() {
        match (table.get("config"), table.get("config-file")) {
            (Some(_), Some(file)) => return Err(file.error("there is \"config\", too; one of them is enough")),
            (Some(config), None) => return object(&config, config.json()?),
            (None, Some(file)) => return object(&file, read_json(directory, &file)?),
            (None, None) => {}
        }
    }
    Err(own.error("it has no configuration: give it \"config\" or \"config-file\", here or in [given]"))
}

fn read_json(directory: &Path, file: &Value<'_>) -> Result<Json> {
    let path = directory.join(file.text()?);
    let text = read_text(&path).map_err(|error| match &error {
        ReadError::Unreadable { source, .. } => file.error(format!("{error}: {source}")),
        _ => file.error(&error),
    })?;
    serde_json::from_str(&text).map_err(|error| file.error(format!("{} is not JSON: {error}", path.display())))
}

fn object(value: &Value<'_>, json: Json) -> Result<Json> {
    match json {
        Json::Object(_) => Ok(json),
        _ => Err(value.error("expected an object")),
    }
}

fn lines(value: &Value<'_>) -> Result<Vec<Fact>> {
    let line = |item: &Value<'_>| item.text()?.parse::<Fact>().map_err(|problem| item.error(problem));
    value.list()?.iter().map(line).collect()
}

impl RequestParts {
    /// Takes what a table says otherwise.
    fn take(&mut self, table: &Table<'_>) -> Result<()> {
        let text = |key: &str, place: &mut String| -> Result<()> {
            if let Some(value) = table.get(key) {
                *place = value.text()?.to_owned();
            }
            Ok(())
        };
        text("container-id", &mut self.container_id)?;
        text("interface", &mut self.interface)?;
        text("args", &mut self.args)?;
        if let Some(value) = table.get("runtime-config") {
            self.runtime_config = Some(object(&value, value.json()?)?);
        }
        if let Some(value) = table.get("config-with") {
            self.config_with.push(object(&value, value.json()?)?);
        }
        if let Some(value) = table.get("config-without") {
            self.config_without.extend(value.texts()?);
        }
        Ok(())
    }
}

fn step(table: &Table<'_>, common: &RequestParts) -> Result<Step> {
    let deed = table
        .get("do")
        .ok_or_else(|| table.error(format!("it does not say what to \"do\": one of {}", DEEDS.join(", "))))?;
    let word = deed.text()?;
    let verb = match word {
        "ADD" => Some(Verb::Add),
        "CHECK" => Some(Verb::Check),
        "DEL" => Some(Verb::Del),
        "STATUS" => Some(Verb::Status),
        "GC" => Some(Verb::Gc),
        "change" => None,
        _ => {
            let problem = format!("nothing is called {word:?}; {}", advice(word, &DEEDS));
            return Err(deed.error(problem));
        }
    };
    let action = match verb {
        Some(verb) => call(table, verb, common)?,
        None => change(table)?,
    };
    Ok(Step {
        line: table.line(),
        action,
        expected: Expected {
            answer: answer(table)?,
            there: places(table, "there")?,
            gone: places(table, "gone")?,
        },
    })
}

const PLACES: [(&str, Place); 2] = [("node", Place::Host), ("container", Place::Container)];

fn call(table: &Table<'_>, verb: Verb, common: &RequestParts) -> Result<Action> {
    let mut known = vec!["do", "node", "container", "http"];
    known.extend(REQUEST_KEYS);
    known.extend(
        ANSWER_KEYS
            .iter()
            .filter(|key| verb == Verb::Add || !key.ends_with("result")),
    );
    if verb == Verb::Gc {
        known.push("valid");
    }
    table.refuse_unknown(&known)?;
    for (name, _) in PLACES {
        if let Some(place) = table.get(name) {
            place.table()?.refuse_unknown(&["there", "gone"])?;
        }
    }
    let mut request = common.clone();
    request.take(table)?;
    let valid = match (verb, table.get("valid")) {
        (Verb::Gc, Some(list)) => list.list()?.iter().map(attachment).collect::<Result<_>>()?,
        (Verb::Gc, None) => {
            return Err(table.error("GC needs \"valid\": a list of the attachments in use, as in [\"c1/eth0\"]"));
        }
        _ => Vec::new(),
    };
    Ok(Action::Call {
        verb,
        request: Box::new(request),
        valid,
        services: service::read(table)?,
    })
}

fn attachment(item: &Value<'_>) -> Result<(String, String)> {
    let (container, interface) = item
        .text()?
        .split_once('/')
        .ok_or_else(|| item.error("expected a container's id and an interface, as in \"c1/eth0\""))?;
    Ok((container.to_owned(), interface.to_owned()))
}

fn change(table: &Table<'_>) -> Result<Action> {
    table.refuse_unknown(&["do", "node", "container"])?;
    let deeds = [("delete", Deed::Delete), ("add", Deed::Add), ("set", Deed::Set)];
    let mut changes = Vec::new();
    for (name, place) in PLACES {
        let Some(value) = table.get(name) else { continue };
        let own = value.table()?;
        own.refuse_unknown(&["add", "set", "delete", "there", "gone"])?;
        for (key, deed) in deeds {
            let facts = own.get(key).map(|value| lines(&value)).transpose()?;
            changes.extend(facts.into_iter().flatten().map(|fact| (place, deed, fact)));
        }
    }
    if changes.is_empty() {
        return Err(
            table.error("it changes nothing: say what with node.add, node.set, node.delete, or those of container")
        );
    }
    Ok(Action::Change(changes))
}

fn places(table: &Table<'_>, key: &str) -> Result<Vec<(Place, Fact)>> {
    let mut all = Vec::new();
    for (name, place) in PLACES {
        let Some(value) = table.get(name) else { continue };
        let facts = value.table()?.get(key).map(|value| lines(&value)).transpose()?;
        all.extend(facts.into_iter().flatten().map(|fact| (place, fact)));
    }
    Ok(all)
}

fn answer(table: &Table<'_>) -> Result<Answer> {
    let mut given = ANSWER_KEYS.iter().filter_map(|key| Some((*key, table.get(key)?)));
    let Some((key, value)) = given.next() else {
        return Ok(Answer::Success);
    };
    if let Some((other, second)) = given.next() {
        return Err(second.error(format!(
            "{key:?} is expected, too; a step can't have both it and {other:?}"
        )));
    }
    Ok(match key {
        "result" => Answer::Containing(value.json()?),
        "exact-result" => Answer::Exactly(value.json()?),
        "denied" => Answer::Denied(object(&value, value.plain_json()?)?),
        _ => error(&value)?,
    })
}

fn error(value: &Value<'_>) -> Result<Answer> {
    let table = value.table()?;
    table.refuse_unknown(&["code", "words"])?;
    let code = table.get("code").map(|code| code.number()).transpose()?;
    let words = table.get("words").map(|words| words.texts()).transpose()?;
    Ok(Answer::Error {
        code,
        words: words.unwrap_or_default(),
    })
}
