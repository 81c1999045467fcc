//! What is recorded, and where.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use cofferdam_tests::{Container, Site, mount_full, mount_read_only, needs_kernel, needs_root_and, with_own_mounts};
use serde_json::json;

use crate::node::{directory, last, masquerading, network, recordings, site};

#[test]
fn nothing_is_recorded_unless_the_policy_wants_it() {
    needs_kernel!();
    for record in ["never", "failures"] {
        let site = site(record, &["bridge"]);
        site.add(&Container::new("c1"), &masquerading());
        assert!(recordings(&site).is_empty(), "{record}");
        assert_eq!(directory(&site).exists(), record == "failures");
    }
}

#[test]
fn a_recording_is_roots_alone() {
    needs_kernel!();
    let site = site("always", &["loopback"]);
    site.add(&Container::new("c1"), &network("loopback", json!({})));
    for (path, mode) in [(last(&site), 0o600), (directory(&site), 0o700)] {
        let found = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
}

/// What the recording can't be written to is told, and no reason to fail.
#[track_caller]
fn assert_added_but_not_recorded(site: &Site) {
    let output = site.try_add(&Container::new("c1"), &network("loopback", json!({})));
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stderr.contains("is not recorded"), "{output:?}");
    assert!(output.stderr.contains("recordings"), "{output:?}");
}

#[test]
fn what_can_not_be_recorded_is_served_all_the_same() {
    needs_kernel!();
    let not_ours = |site: &Site| {
        fs::create_dir_all(directory(site)).unwrap();
        fs::set_permissions(directory(site), fs::Permissions::from_mode(0o777)).unwrap();
    };
    let a_file = |site: &Site| {
        fs::create_dir_all(directory(site).parent().unwrap()).unwrap();
        fs::write(directory(site), "").unwrap();
    };
    let a_link = |site: &Site| {
        fs::create_dir_all(directory(site).parent().unwrap()).unwrap();
        symlink("/tmp", directory(site)).unwrap();
    };
    let spoils: [&dyn Fn(&Site); 3] = [&not_ours, &a_file, &a_link];
    for spoil in spoils {
        let site = site("always", &["loopback"]);
        spoil(&site);
        assert_added_but_not_recorded(&site);
    }
}

#[test]
fn a_disk_that_is_full_or_read_only_keeps_nothing_from_being_attached() {
    needs_root_and!("ip");
    for mount in [mount_full, mount_read_only] {
        let site = site("always", &["loopback"]);
        fs::create_dir_all(directory(&site)).unwrap();
        fs::set_permissions(directory(&site), fs::Permissions::from_mode(0o700)).unwrap();
        with_own_mounts(|| {
            mount(&directory(&site));
            assert_added_but_not_recorded(&site);
            let left: Vec<String> = fs::read_dir(directory(&site))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .filter(|name| name != "filling")
                .collect();
            assert_eq!(left, [""; 0]);
        });
    }
}

#[test]
fn the_oldest_recordings_go() {
    needs_kernel!();
    let site = site("always", &["loopback"]);
    fs::create_dir_all(directory(&site)).unwrap();
    fs::set_permissions(directory(&site), fs::Permissions::from_mode(0o700)).unwrap();
    for number in 0..64 {
        fs::write(directory(&site).join(format!("20200101T0000{number:02}.json")), "{}").unwrap();
    }
    site.add(&Container::new("c1"), &network("loopback", json!({})));
    let files = recordings(&site);
    assert_eq!(files.len(), 64);
    assert!(files[0].ends_with("20200101T000001.json"), "{files:?}");
}

#[test]
fn one_that_would_be_too_long_is_not_kept() {
    needs_kernel!();
    let site = site("always", &["loopback"]);
    let records = site.leases().join("other");
    fs::create_dir_all(&records).unwrap();
    fs::write(records.join("10.0.0.1"), vec![b'x'; 9 << 20]).unwrap();
    assert_added_but_not_recorded(&site);
}
