use cofferdam_tests::{Container, GoPlugins, SPEC_VERSIONS, Site, bridge_network, with};
use serde_json::json;

use crate::facts::{Facts, differences};

/// The shape, the order of keys and the white space, for all that bridge and
/// host-local have in a result. The shapes are the host's, not the plugin's.
pub(crate) fn compare(go: &GoPlugins) {
    let ours = Site::new();
    let theirs = Site::go(go.clone());
    for version in SPEC_VERSIONS {
        let container = Container::new(&format!("c-{version}"));
        let twin = Container::new(&format!("c-{version}"));
        let config = with(
            bridge_network(version),
            json!({ "dns": { "nameservers": ["192.0.2.53"] } }),
        );
        let result = ours.try_add(&container, &config);
        let expected = theirs.try_add(&twin, &config);
        let differ = differences(
            &Facts::of_result(&expected.result()),
            &Facts::of_result(&result.result()),
        );
        assert!(differ.is_empty(), "{version}: {differ:#?}");
        assert_eq!(keys(&result.stdout), keys(&expected.stdout), "{version}");
    }
}

/// The text without its values: what is left are keys and white space.
fn keys(text: &str) -> Vec<String> {
    text.split('\n')
        .map(|line| line.split_once(": ").map_or(line, |(key, _)| key).to_owned())
        .collect()
}
