//! `docs/cookbook.md` has the recipes' files as they are.

use std::fs;

use cofferdam_tests::Products;

use crate::recipe::Recipe;

const TESTS: &str = "#[cfg(test)]";

fn page() -> String {
    fs::read_to_string(Products::workspace().join("docs/cookbook.md")).unwrap()
}

/// The source of a plugin but for its tests.
fn source(recipe: Recipe) -> String {
    let text = recipe.text("src/lib.rs");
    let plugin = text.split_once(TESTS).map_or(text.as_str(), |(plugin, _)| plugin);
    plugin.trim_end().to_owned()
}

#[test]
fn the_page_has_each_recipe_as_it_is_built_and_tested() {
    let page = page();
    for recipe in ["policy-routing", "tenant-vlan", "vxlan-overlay"].map(Recipe) {
        let name = recipe.0;
        let policy = format!("policy.d/{name}.toml");
        for (file, language, text) in [
            ("src/lib.rs", "rust", source(recipe)),
            (policy.as_str(), "toml", recipe.text(&policy).trim_end().to_owned()),
            (
                "example.conflist",
                "json",
                recipe.text("example.conflist").trim_end().to_owned(),
            ),
        ] {
            let block = format!("```{language}\n{text}\n```\n");
            assert!(
                page.contains(&block),
                "docs/cookbook.md does not have guest-sdk/cookbook/{name}/{file} as it is; put it into its block"
            );
        }
    }
}

#[test]
fn every_recipe_is_on_the_page() {
    let page = page();
    let entries = fs::read_dir(Products::workspace().join("guest-sdk/cookbook")).unwrap();
    for entry in entries {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            page.contains(&format!("guest-sdk/cookbook/{name}")),
            "{name} is not on the page"
        );
    }
}
