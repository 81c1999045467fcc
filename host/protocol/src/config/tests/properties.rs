use proptest::prelude::*;

use super::config;
use crate::{PluginConfig, SpecVersion, Verb};

fn asked_for_everything(config: &PluginConfig) {
    let _ = config.plugin_type();
    let _ = config.ipam_type();
    let _ = config.ipam_data_dir();
    let _ = config.dns();
    let _ = config.capabilities();
    let _ = config.runtime_config();
    let _ = config.valid_attachments();
    let _ = config.program();
    for version in SpecVersion::ALL {
        let _ = config.previous(version);
    }
    for verb in Verb::ALL {
        let _ = config.gate(verb, SpecVersion::supported());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        let _ = PluginConfig::parse(text);
    }

    #[test]
    fn any_values_of_the_keys_are_read_or_refused(
        values in proptest::collection::vec(
            prop_oneof![
                Just("null".to_owned()),
                Just("[]".to_owned()),
                Just("{}".to_owned()),
                Just(r#"[{"type":"a"}]"#.to_owned()),
                Just(r#"{"type":"a"}"#.to_owned()),
                Just(r#""cofferdam""#.to_owned()),
                "-?[1-9][0-9]{0,2}(\\.5)?",
                "\"[a-z0-9./]{0,6}\"",
            ],
            9,
        ),
    ) {
        let keys = ["type", "cniVersion", "ipam", "dns", "capabilities", "runtimeConfig",
            "prevResult", "chain", "cni.dev/valid-attachments"];
        let pairs: Vec<String> = keys
            .iter()
            .zip(values)
            .map(|(key, value)| format!("{key:?}:{value}"))
            .collect();
        asked_for_everything(&config(&format!(r#"{{"name":"n",{}}}"#, pairs.join(","))));
    }
}
