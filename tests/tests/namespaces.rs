//! A path to a namespace, and the number of one, soon lead to another: what is
//! in that one is another container's.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, os::unix::fs::MetadataExt as _, thread, time::Duration};

use cofferdam_tests::{Container, Site, Snapshot, bridge_network, needs_kernel};

fn inode(container: &Container) -> u64 {
    fs::metadata(container.namespace.path()).unwrap().ino()
}

#[test]
fn a_del_whose_path_leads_to_another_container_leaves_that_alone() {
    needs_kernel!();
    let site = Site::new();
    let config = bridge_network("1.0.0");
    let (first, second) = (Container::new("c1"), Container::new("c2"));
    let before = site.snapshot();
    site.add(&second, &config);
    let with_second = site.snapshot();
    let inside = Snapshot::of(&second.namespace);
    let id = first.id.clone();
    site.add(&first, &config);

    // The process whose namespace the path named is gone, and its number is
    // another one's.
    let call = site.call("DEL", &first, &config).netns(&second.namespace);
    assert_eq!(call.run().code, 0);

    inside.assert_same(&Snapshot::of(&second.namespace));
    assert_eq!(first.namespace.link_names(), ["lo"], "container {id} is detached");
    assert_eq!(site.leased("mynet").len(), 1);
    with_second.assert_same(&site.snapshot());
    site.del(&second, &config);
    before.assert_same(&site.snapshot());
}

#[test]
fn a_container_that_comes_back_in_a_new_namespace_is_attached_anew() {
    needs_kernel!();
    let site = Site::new();
    let config = bridge_network("1.0.0");
    let before = site.snapshot();
    let old = Container::new("c1");
    site.add(&old, &config);
    let number = inode(&old);
    drop(old);
    // With some luck the kernel gives it the number of the old one, after a
    // moment; that must make no difference.
    let mut new = Container::new("c1");
    for _ in 0..20 {
        if inode(&new) == number {
            break;
        }
        drop(new);
        thread::sleep(Duration::from_millis(50));
        new = Container::new("c1");
    }

    site.add(&new, &config);

    assert_eq!(new.namespace.link_names(), ["eth0", "lo"]);
    assert_eq!(
        site.leased("mynet").len(),
        1,
        "the old container's address is given back"
    );
    site.del(&new, &config);
    before.assert_same(&site.snapshot());
}
