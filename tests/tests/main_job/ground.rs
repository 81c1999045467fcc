use std::{
    fs,
    path::{Path, PathBuf},
};

use cofferdam_tests::{Ended, Installation, Running, Site, finish};

/// Speaks to a [`cofferdam_tests::TcpGreeter`].
pub(crate) const PROBE: &str = env!("CARGO_BIN_EXE_probe");

/// `cofferctl run ARGUMENTS` on the site's node.
pub(crate) fn run(site: &Site, arguments: &[&str]) -> Ended {
    let mut command = site.installation().cofferctl();
    command.arg("run").args(arguments);
    site.node().run(|| finish(&mut command, b""))
}

/// `cofferctl run OPTIONS` of a [`PROBE`] that serves callers on port 7, once it does.
pub(crate) fn serving(site: &Site, options: &[&str]) -> Running {
    let mut command = site.installation().cofferctl();
    command.arg("run").args(options).args(["--", PROBE, "--serve", "7"]);
    let running = site.node().run(|| Running::start(&mut command));
    assert_eq!(running.line(), "ready");
    running
}

#[track_caller]
pub(crate) fn succeeds(ended: &Ended) -> &str {
    assert_eq!(
        ended.code,
        Some(0),
        "stdout: {}\nstderr: {}",
        ended.stdout,
        ended.stderr
    );
    &ended.stdout
}

/// Every file of the installation below these directories.
pub(crate) fn state(installation: &Installation) -> Vec<PathBuf> {
    fn walk(path: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found)
            } else {
                found.push(path)
            }
        }
    }
    let mut found = Vec::new();
    for directory in ["run", "var/lib/cni"] {
        walk(&installation.root().join(directory), &mut found);
    }
    found
}

/// Waits until nobody has the state any more: who undoes it is no child of
/// this process.
pub(crate) fn settle(installation: &Installation) {
    for _ in 0..600 {
        if state(installation).is_empty() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
