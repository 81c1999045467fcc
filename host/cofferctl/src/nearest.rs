use cofferdam_policy::closest_word;
use cofferdam_sandbox::ComponentStore;

/// `; did you mean "static"?` where an installed component has a name like
/// this one, or nothing.
pub(crate) fn did_you_mean(store: &ComponentStore, plugin: &str) -> String {
    let installed = store.plugins_by_name().unwrap_or_default();
    let names: Vec<&str> = installed.iter().map(|(name, _)| name.as_str()).collect();
    let meant = closest_word(plugin, &names);
    meant.map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"))
}
