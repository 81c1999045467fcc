use std::{fs, io::Write as _, path::Path, sync::OnceLock, thread};

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

/// Whether a test may do all that root may, and these programs are installed.
///
/// # Errors
/// What is missing, with the way out.
pub fn root_and(programs: &[&str]) -> Result<(), String> {
    let of_namespace = fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| !map.contains("4294967295"));
    if !nix::unistd::geteuid().is_root() || of_namespace {
        return Err("it takes root, who may mount and use control groups: run ./test.sh as root".into());
    }
    let directories = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];
    let missing = |program: &&&str| {
        !directories
            .iter()
            .any(|directory| Path::new(directory).join(program).exists())
    };
    match programs.iter().find(missing) {
        Some(program) => Err(format!(
            "{program} is not installed: ./test.sh installs it as root on Debian"
        )),
        None => Ok(()),
    }
}

/// Says why a test is not run; a failure where all of them have to.
pub fn skip(reason: &str) {
    assert!(std::env::var_os("COFFERDAM_TESTS_MUST_RUN").is_none(), "{reason}");
    tell(reason);
}

/// Says that a test, or a part of it, is not run for want of something in the
/// kernel, which nobody can install; a failure where the kernel has all
/// (`tests/vm/test.sh`).
pub fn skip_for_kernel(reason: &str) {
    assert!(std::env::var_os("COFFERDAM_TESTS_FULL_KERNEL").is_none(), "{reason}");
    tell(reason);
}

fn tell(reason: &str) {
    let thread = thread::current();
    let test = thread.name().unwrap_or("a test");
    // Not `eprintln`: the output of tests that pass is kept back.
    let _ = writeln!(std::io::stderr(), "skipped {test}: {reason}");
}
