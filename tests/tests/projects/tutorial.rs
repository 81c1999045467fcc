//! The tutorial, as its reader goes through it.

use std::{fs, os::unix::fs::symlink, process::Command};

use cofferdam_tests::{Machine, Step, Walkthrough, needs_kernel, needs_root_and, skip};

use crate::{all_of, built, needs_registry, told};

#[test]
fn the_tutorial_leads_from_nothing_to_a_container() {
    needs_kernel!();
    needs_root_and!("unshare", "nsenter", "mount", "ip");
    let machine = Machine::new();
    // The same place each time, so that what is built of it stays built.
    let start = built("tutorial");
    let target = built("tutorial-target");
    let project = start.join("wire");
    if project.exists() {
        fs::remove_dir_all(&project).unwrap();
    }
    // Of the key of another time.
    let signatures = target.join("wasm32-wasip2/component/wire.wasm.sig");
    if signatures.exists() {
        fs::remove_file(signatures).unwrap();
    }
    let mut directory = start;
    for step in Walkthrough::of("tutorial.md").steps() {
        let Step::Type {
            command,
            on_node,
            fails,
            ..
        } = step
        else {
            step.edit(&directory);
            continue;
        };
        if let Some(below) = command.strip_prefix("cd ") {
            directory.push(below);
            if let Err(reason) = needs_registry(&directory) {
                return skip(&reason);
            }
            symlink(&target, directory.join("target")).unwrap();
            continue;
        }
        let mut shell = if *on_node {
            machine.command("bash")
        } else {
            Command::new("bash")
        };
        // Into the node's mounts nobody comes with a directory.
        let there = format!("cd '{}' && {command}", directory.display());
        shell.args(["-c", &there]);
        let output = told(shell);
        let printed = all_of(&output);
        assert_eq!(output.status.success(), !fails, "{command}:\n{printed}");
        assert_eq!(step.not_printed(&printed), None, "{command}:\n{printed}");
    }
}
