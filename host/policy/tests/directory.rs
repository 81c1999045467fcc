//! Which files are read, and which are not trusted.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{
    fs,
    os::unix::fs::{chown, symlink},
};

use cofferdam_policy::{PolicyDirectory, PolicyError, Question};
use cofferdam_protocol::Place::Container;
use support::ground::{Ground, set_mode};

const EMPTY: &str = "[plugin.bridge]\n";

fn seeing(name: &str) -> String {
    format!("{EMPTY}[[plugin.bridge.grant]]\nallow = \"link.see\"\nin = \"container\"\nnames = [\"{name}\"]\n")
}

#[test]
fn a_plugin_reads_its_own_files_only() {
    let ground = Ground::new();
    ground.write("bridge.toml", seeing("one"));
    ground.write("bridge.10-team.toml", seeing("two"));
    for other in [
        "bridge..toml",
        "bridge2.toml",
        "bridge.toml~",
        ".bridge.toml",
        "bridge.toml.bak",
        "Bridge.toml",
        "x.toml",
    ] {
        ground.write(other, "this is not TOML [");
    }
    let grants = ground.read().unwrap().for_attachment("any", None);
    for (name, expected) in [("one", true), ("two", true), ("three", false)] {
        let question = Question::LinkSee {
            place: Container,
            kind: None,
            name,
        };
        assert_eq!(grants.decide(&question).is_ok(), expected, "{name}");
    }
}

#[test]
fn without_a_policy_the_text_says_how_to_write_one() {
    let ground = Ground::new();
    let text = "plugin \"bridge\" has no policy, so nothing is granted to it: write its grants to DIR/bridge.toml as a \
                [plugin.bridge] table (format: docs/policy.md), in a directory and a file that belong to root and that \
                nobody else can write to";
    assert_eq!(ground.refusal(), text);
    fs::remove_dir(&ground.path).unwrap();
    assert_eq!(ground.refusal(), text);
}

#[test]
fn what_others_can_write_to_is_not_trusted() {
    for mode in [0o664, 0o646, 0o666, 0o777] {
        let ground = Ground::new();
        let file = ground.write("bridge.toml", EMPTY);
        set_mode(&file, mode);
        assert_eq!(
            ground.refusal(),
            format!(
                "policy DIR/bridge.toml is not trusted, so nothing is granted: others than its owner can write to it \
                 (mode {mode:04o}); check what it says, then close it (chmod go-w)"
            )
        );
    }
    for mode in [0o775, 0o757, 0o1777] {
        let ground = Ground::new();
        ground.write("bridge.toml", EMPTY);
        set_mode(&ground.path, mode);
        assert!(ground.refusal().starts_with("policy DIR is not trusted"), "{mode:o}");
    }
    for mode in [0o644, 0o600, 0o400, 0o755] {
        let ground = Ground::new();
        let file = ground.write("bridge.toml", EMPTY);
        set_mode(&file, mode);
        assert!(ground.read().is_ok(), "{mode:o}");
    }
}

#[test]
fn what_belongs_to_another_user_is_not_trusted() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let ground = Ground::new();
    let file = ground.write("bridge.toml", EMPTY);
    chown(&file, Some(12345), None).unwrap();
    assert!(
        ground
            .refusal()
            .contains("it belongs to user 12345; check what it says, then make root its owner")
    );
    chown(&file, Some(0), Some(12345)).unwrap();
    assert!(ground.read().is_ok());
    chown(&ground.path, Some(12345), None).unwrap();
    assert!(ground.refusal().starts_with("policy DIR is not trusted"));
}

#[test]
fn one_file_that_is_not_trusted_is_enough() {
    let ground = Ground::new();
    ground.write("bridge.toml", EMPTY);
    set_mode(&ground.write("bridge.more.toml", EMPTY), 0o666);
    assert!(matches!(ground.read(), Err(PolicyError::Untrusted { .. })));
}

#[test]
fn links_are_not_followed() {
    let ground = Ground::new();
    let real = ground.write("real", EMPTY);
    symlink(&real, ground.path.join("bridge.toml")).unwrap();
    assert_eq!(
        ground.refusal(),
        "policy DIR/bridge.toml is not trusted, so nothing is granted: it is a symbolic link; put the file itself in \
         its place"
    );
    let linked = ground.path.with_file_name("linked");
    symlink(&ground.path, &linked).unwrap();
    let error = PolicyDirectory::new(linked).plugin("bridge").unwrap_err();
    assert!(matches!(error, PolicyError::Untrusted { .. }), "{error}");
}

#[test]
fn what_is_no_file_or_too_large_is_refused() {
    let ground = Ground::new();
    fs::create_dir(ground.path.join("bridge.toml")).unwrap();
    assert!(ground.refusal().contains("it is not a regular file"));

    let ground = Ground::new();
    nix::unistd::mkfifo(
        &ground.path.join("bridge.toml"),
        nix::sys::stat::Mode::from_bits_truncate(0o644),
    )
    .unwrap();
    assert!(ground.refusal().contains("it is not a regular file"));

    let ground = Ground::new();
    let large = |bytes: usize| format!("{EMPTY}#{}", "x".repeat(bytes - EMPTY.len() - 1));
    ground.write("bridge.toml", large(256 * 1024));
    assert!(ground.read().is_ok());
    ground.write("bridge.toml", large(256 * 1024 + 1));
    assert!(ground.refusal().contains("it has more than 262144 bytes"));

    let ground = Ground::new();
    ground.write("bridge.toml", b"[plugin.bridge]\n# \xff\n");
    assert!(ground.refusal().ends_with("DIR/bridge.toml:2: the text is not UTF-8"));
    fs::remove_dir_all(&ground.path).unwrap();
    fs::write(&ground.path, "").unwrap();
    assert!(ground.refusal().contains("it is a symbolic link or no directory"));
}

#[test]
fn a_name_that_could_be_a_path_or_another_plugins_file_has_no_policy() {
    let ground = Ground::new();
    ground.write("bridge.toml", EMPTY);
    for name in [
        "",
        ".",
        "..",
        "../bridge",
        "a/b",
        "bridge.toml",
        "bridge.x",
        "-bridge",
        "br\nidge",
        "br\u{456}dge",
        &"b".repeat(65),
    ] {
        let error = PolicyDirectory::new(ground.path.clone()).plugin(name).unwrap_err();
        assert!(matches!(error, PolicyError::Name(_)), "{name:?}: {error}");
        assert!(!error.to_string().contains('\n'));
    }
}
