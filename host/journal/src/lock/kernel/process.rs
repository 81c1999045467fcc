use std::{fs, time::Duration};

use nix::unistd::{SysconfVar, sysconf};

use crate::lock::Holder;

/// What `/proc` tells of a process.
pub(super) fn holder(pid: u32) -> Holder {
    Holder {
        pid: Some(pid),
        program: program(pid),
        attachment: attachment(pid),
        age: age(pid),
    }
}

/// How long a process has been running. The times of its directory below
/// `/proc` tell only since when somebody looks there.
fn age(pid: u32) -> Option<Duration> {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten()?;
    let started = Duration::from_secs_f64(started(&status)? / u32::try_from(ticks).map(f64::from).ok()?);
    let up = uptime.split(' ').next()?.parse::<f64>().ok()?;
    Duration::try_from_secs_f64(up).ok()?.checked_sub(started)
}

/// When a process was started, in ticks since the machine was: field 22 of
/// `/proc/PID/stat`, whose second one may hold anything.
fn started(status: &str) -> Option<f64> {
    let (_, fields) = status.rsplit_once(')')?;
    let ticks: u64 = fields.split_ascii_whitespace().nth(19)?.parse().ok()?;
    u32::try_from(ticks).ok().map(f64::from)
}

fn program(pid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim().to_owned())
}

fn attachment(pid: u32) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let variable = |name: &str| {
        environment
            .split(|byte| *byte == 0)
            .filter_map(|pair| std::str::from_utf8(pair).ok()?.strip_prefix(name)?.strip_prefix('='))
            .next()
    };
    let container = variable("CNI_CONTAINERID").filter(|id| !id.is_empty())?;
    let interface = variable("CNI_IFNAME").unwrap_or_default();
    Some(format!(
        "{} of container {container} interface {interface}",
        variable("CNI_COMMAND").unwrap_or("a call")
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_age_of_a_process_is_that_of_the_process() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        let age = age(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        // A tick is a hundredth of a second.
        assert!(age.is_some_and(|age| age >= Duration::from_millis(250)), "{age:?}");
    }

    #[test]
    fn the_name_of_a_program_does_not_disturb_what_comes_after_it() {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assert_eq!(started(&format!("7 (a) b (c) {fields}")), Some(4711.0));
        assert_eq!(started("7 (a"), None);
    }
}
