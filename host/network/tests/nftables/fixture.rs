//! A fresh namespace, and short words for what the tests say often.

use std::{
    fmt,
    fs::File,
    io::{self, Write as _},
    os::fd::OwnedFd,
    panic::resume_unwind,
    process::{Command, Output},
    thread,
    time::Duration,
};

use cofferdam_network::{
    Error, Kernel, Result,
    nftables::{
        Action, Base, Chain, ChainType, DataType, Element, Family, Hook, Match, Rule, Set, Table, TableId, Value,
        ValueType, Verdict,
    },
};
use nix::sched::{CloneFlags, unshare};

/// Says what is not run, and why. Not by `eprintln`: the output of tests that
/// pass is kept back.
pub(crate) fn skipped(reason: impl fmt::Display) {
    let thread = thread::current();
    let _ = writeln!(io::stderr(), "skipped {}: {reason}", thread.name().unwrap_or("a test"));
}

const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Runs a test on a thread that has a new network namespace.
pub(crate) fn in_new_namespace(test: impl FnOnce(&mut Kernel) + Send + 'static) {
    let outcome = thread::spawn(|| match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => test(&mut Kernel::new(TIME_LIMIT)),
        Err(errno) => skipped(format_args!("a network namespace can't be made here ({errno})")),
    })
    .join();
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Another one, for the container.
pub(crate) fn new_namespace() -> OwnedFd {
    thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        File::open("/proc/thread-self/ns/net").unwrap().into()
    })
    .join()
    .unwrap()
}

/// What `nft` prints in the calling thread's namespace.
pub(crate) fn nft(arguments: &str) -> Option<String> {
    let Ok(Output { status, stdout, stderr }) = Command::new("nft").args(arguments.split(' ')).output() else {
        skipped(format_args!("nft is not installed"));
        return None;
    };
    let errors = String::from_utf8_lossy(&stderr).into_owned();
    assert!(status.success(), "nft {arguments}: {errors}");
    Some(String::from_utf8(stdout).unwrap())
}

/// The listings here are as this one prints them (Debian 12).
const LISTING_VERSION: &str = "v1.0.6";

/// Compares the whole ruleset with a text, spaces at the start of lines and
/// empty lines aside.
#[track_caller]
pub(crate) fn assert_ruleset(expected: &str) {
    let words = |text: &str| {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    };
    if let Some(ruleset) = nft("list ruleset") {
        if !expected.is_empty() && !nft("--version").unwrap().contains(LISTING_VERSION) {
            skipped(format_args!("this nft prints otherwise than {LISTING_VERSION}"));
            return;
        }
        assert_eq!(words(&ruleset), words(expected), "\n{ruleset}");
    }
}

pub(crate) fn table_id(family: Family, name: &str) -> TableId {
    TableId {
        family,
        name: name.to_owned(),
    }
}

/// A table with one base chain, named `base`, at the hook input.
pub(crate) fn table(family: Family, sets: Vec<Set>, rules: Vec<Rule>) -> Table {
    Table {
        id: table_id(family, "t"),
        sets,
        chains: vec![
            base_chain("base", ChainType::Filter, Hook::Input, 0, rules),
            chain("own", Vec::new()),
        ],
    }
}

pub(crate) fn chain(name: &str, rules: Vec<Rule>) -> Chain {
    Chain {
        name: name.to_owned(),
        base: None,
        rules,
    }
}

pub(crate) fn base_chain(name: &str, chain_type: ChainType, hook: Hook, priority: i32, rules: Vec<Rule>) -> Chain {
    Chain {
        name: name.to_owned(),
        base: Some(Base {
            chain_type,
            hook,
            priority,
            default_drop: false,
        }),
        rules,
    }
}

pub(crate) fn rule(matches: Vec<Match>, actions: Vec<Action>) -> Rule {
    Rule {
        matches,
        actions,
        comment: None,
    }
}

pub(crate) fn accept(matches: Vec<Match>) -> Rule {
    rule(matches, vec![Action::Verdict(Verdict::Accept)])
}

pub(crate) fn set(name: &str, key: &[ValueType]) -> Set {
    Set {
        name: name.to_owned(),
        key: key.to_vec(),
        data: None,
    }
}

pub(crate) fn map(name: &str, key: &[ValueType], values: &[ValueType]) -> Set {
    Set {
        data: Some(DataType::Values(values.to_vec())),
        ..set(name, key)
    }
}

pub(crate) fn verdict_map(name: &str, key: &[ValueType]) -> Set {
    Set {
        data: Some(DataType::Verdict),
        ..set(name, key)
    }
}

pub(crate) fn address(text: &str) -> Value {
    Value::Address(text.parse().unwrap())
}

pub(crate) fn member(key: Vec<Value>) -> Element {
    Element { key, data: None }
}

#[track_caller]
fn assert_words(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

#[track_caller]
pub(crate) fn assert_exists<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    match result {
        Err(Error::AlreadyExists(text)) => assert_words(&text, words),
        other => panic!("{other:?} is not `AlreadyExists`"),
    }
}

#[track_caller]
pub(crate) fn assert_not_found<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    match result {
        Err(Error::NotFound(text)) => assert_words(&text, words),
        other => panic!("{other:?} is not `NotFound`"),
    }
}

#[track_caller]
pub(crate) fn assert_conflict<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    match result {
        Err(Error::Conflict(text)) => assert_words(&text, words),
        other => panic!("{other:?} is not `Conflict`"),
    }
}

#[track_caller]
pub(crate) fn assert_invalid<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    match result {
        Err(Error::Invalid(text)) => assert_words(&text, words),
        other => panic!("{other:?} is not `Invalid`"),
    }
}
