//! Results of ADD: read in every version, printed in every version, and what
//! was printed once is printed the same again.

use cofferdam_protocol::{
    CniError, NetworkList, PluginConfig, Program, SpecVersion,
    result::{Attachment, parse, parse_output, to_json},
    supported_versions,
};

/// One input: a text that may be a result, a configuration, a list of
/// networks, an error or a list of versions.
pub fn result(data: &[u8]) {
    let told = CniError::from_output(data, b"", "exit status 1");
    assert!(!told.message.is_empty() || told.code != 0);
    let Ok(text) = std::str::from_utf8(data) else { return };
    for version in SpecVersion::ALL {
        let strict = parse(text, version);
        let lenient = parse_output(text, version);
        if let Ok(attachment) = &strict {
            assert_eq!(lenient.as_ref().ok(), Some(attachment), "{version}: {text}");
        }
        for attachment in [strict, lenient].into_iter().flatten() {
            check_conversions(&attachment);
        }
        let config = PluginConfig::parse(text);
        if let Ok(Some(previous)) = config.and_then(|config| config.previous(version)) {
            check_conversions(&previous);
        }
    }
    read_all(text);
}

/// Everything else that such a text is read as.
fn read_all(text: &str) {
    let _ = NetworkList::from_plugin(text);
    let _ = supported_versions(Ok(text));
    if let Ok(list) = NetworkList::parse(text) {
        assert!(!list.name.is_empty());
    }
    let Ok(config) = PluginConfig::parse(text) else { return };
    let again = PluginConfig::parse(config.tree().to_text()).expect("a configuration is read as it was printed");
    assert_eq!(again.tree(), config.tree());
    let _ = (config.capabilities(), config.dns(), config.runtime_config());
    let _ = (config.ipam_type(), config.ipam_data_dir(), config.ipam_resolv_conf());
    let _ = config.valid_attachments();
    if let Ok(Program::Chain(members)) = config.program() {
        for member in members {
            assert_eq!(member.name(), config.name());
        }
    }
}

/// What a version has no room for is lost once, and nothing with the second
/// printing.
fn check_conversions(attachment: &Attachment) {
    for version in SpecVersion::ALL {
        let Ok(printed) = to_json(attachment, version) else {
            // Only versions without interfaces can't tell every result.
            assert!(!version.has_chaining(), "{version} can't tell {attachment:?}");
            continue;
        };
        let read = parse(&printed, version).unwrap_or_else(|error| panic!("{version}: {error}: {printed}"));
        assert_eq!(parse_output(&printed, version).ok().as_ref(), Some(&read));
        assert_eq!(to_json(&read, version).ok().as_ref(), Some(&printed), "{version}");
        if version >= SpecVersion::V1_0_0 {
            assert_eq!(read, *attachment, "{version}: {printed}");
        }
    }
}
