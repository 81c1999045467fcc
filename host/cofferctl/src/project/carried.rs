//! What this executable carries: the templates of projects and the SDK, as
//! `build.rs` collects them.

include!(concat!(env!("OUT_DIR"), "/carried.rs"));

/// A file of a project, and what is in it.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

/// The SDK, as it is put into a project.
pub(super) fn sdk() -> impl Iterator<Item = File> {
    let sources = SDK.iter().map(|(path, text)| (*path, *text));
    sources.chain(template("sdk")).map(|(path, text)| File {
        path: format!("sdk/{path}"),
        text: text.to_owned(),
    })
}

/// The files of a template, with their paths in it.
pub(super) fn template(name: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let directory = format!("{name}/");
    TEMPLATES
        .iter()
        .filter_map(move |(path, text)| Some((path.strip_prefix(directory.as_str())?, *text)))
}
