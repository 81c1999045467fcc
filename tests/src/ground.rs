use std::{sync::OnceLock, thread};

use nix::sched::{CloneFlags, unshare};

/// Whether this process may make network namespaces.
///
/// # Errors
/// The reason why it can't, with the way out.
pub fn kernel_access() -> Result<(), String> {
    static ACCESS: OnceLock<Result<(), String>> = OnceLock::new();
    ACCESS
        .get_or_init(|| {
            let tried = thread::spawn(|| unshare(CloneFlags::CLONE_NEWNET))
                .join()
                .expect("unshare does not panic");
            tried.map_err(|errno| {
                format!(
                    "no network namespace can be made here ({}): run ./test.sh as root, or as a user on a machine \
                     that allows user namespaces",
                    errno.desc()
                )
            })
        })
        .clone()
}
