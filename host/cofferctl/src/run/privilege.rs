use std::fs;

use anyhow::{Context as _, bail, ensure};
use cofferdam_broker::Installation;
use nix::{
    errno::Errno,
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    unistd::{getegid, geteuid},
};

use crate::output::complain;

/// Makes sure that namespaces can be made: as root, or in a user namespace in
/// which this user is root.
pub(super) fn ensure(installation: &Installation) -> anyhow::Result<()> {
    if acquire()? {
        hide_state(installation)?;
        complain("not root: the host's namespace is a private one, in a user namespace");
    }
    Ok(())
}

/// The same, for who leaves this installation's state alone. True when a user
/// namespace was made for it.
pub(crate) fn acquire() -> anyhow::Result<bool> {
    if geteuid().is_root() && may_administer() {
        return Ok(false);
    }
    let (user, group) = (geteuid(), getegid());
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    if let Err(errno) = unshare(flags) {
        bail!(refusal(errno));
    }
    fs::write("/proc/self/setgroups", "deny").context("write /proc/self/setgroups")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1")).context("write /proc/self/uid_map")?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1")).context("write /proc/self/gid_map")?;
    Ok(true)
}

/// For who needs namespaces that others make, where a user namespace of its own
/// is of no use.
pub(crate) fn demand(why: &str) -> anyhow::Result<()> {
    ensure!(
        geteuid().is_root() && may_administer(),
        "{why}: that needs root (with CAP_SYS_ADMIN and CAP_NET_ADMIN). Run it as root."
    );
    Ok(())
}

/// Whether this process has CAP_SYS_ADMIN and CAP_NET_ADMIN.
fn may_administer() -> bool {
    const NET_ADMIN: u64 = 1 << 12;
    const SYS_ADMIN: u64 = 1 << 21;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective
        .and_then(|text| u64::from_str_radix(text.trim(), 16).ok())
        .unwrap_or_default();
    effective & (NET_ADMIN | SYS_ADMIN) == NET_ADMIN | SYS_ADMIN
}

/// State about one private namespace must not be taken for the node's.
fn hide_state(installation: &Installation) -> anyhow::Result<()> {
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_SLAVE | MsFlags::MS_REC, none).context("make mounts private")?;
    for directory in [installation.state(), installation.root().join("var/lib/cni")] {
        fs::create_dir_all(&directory)
            .with_context(|| format!("make {}; name a directory of your own with --root", directory.display()))?;
        mount(
            Some("tmpfs"),
            &directory,
            Some("tmpfs"),
            MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
            Some("mode=0700"),
        )
        .with_context(|| format!("mount a tmpfs on {}", directory.display()))?;
    }
    Ok(())
}

fn refusal(errno: Errno) -> String {
    let cause = |path: &str, closed: &str| {
        let value = fs::read_to_string(path).unwrap_or_default();
        (value.trim() == closed).then(|| format!("{path} is {closed}"))
    };
    let cause = cause("/proc/sys/kernel/unprivileged_userns_clone", "0")
        .or_else(|| cause("/proc/sys/user/max_user_namespaces", "0"))
        .or_else(|| cause("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
        .unwrap_or_else(|| errno.desc().to_owned());
    format!(
        "making a network namespace needs root, or a user namespace, and there is neither: this user is not root \
         (with CAP_SYS_ADMIN and CAP_NET_ADMIN), and no user namespace can be made ({cause}). Run it as root."
    )
}
