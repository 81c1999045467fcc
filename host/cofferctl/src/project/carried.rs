//! What this executable carries: the templates of projects and the SDK, as
//! `build.rs` collects them.

include!(concat!(env!("OUT_DIR"), "/carried.rs"));

/// A file of a project, and what is in it.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

/// The SDK for Rust, as it is put into a directory of a project.
pub(super) fn sdk(directory: &str) -> impl Iterator<Item = File> {
    let sources = SDK.iter().map(|(path, text)| (*path, *text));
    sources.chain(template("sdk")).map(move |(path, text)| File {
        path: format!("{directory}/{path}"),
        text: text.to_owned(),
    })
}

/// The files of a template, with their paths in it.
pub(super) fn template(name: &str) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
    below(TEMPLATES, name)
}

/// The files of a directory of guest-sdk/languages, with their paths in it.
pub(super) fn language(directory: &str) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
    below(LANGUAGES, directory)
}

/// The contract's files.
pub(super) fn contract() -> impl Iterator<Item = (&'static str, &'static str)> {
    CONTRACT.iter().copied()
}

fn below(
    files: &'static [(&'static str, &'static str)],
    directory: &str,
) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
    let directory = format!("{directory}/");
    files
        .iter()
        .filter_map(move |(path, text)| Some((path.strip_prefix(directory.as_str())?, *text)))
}
