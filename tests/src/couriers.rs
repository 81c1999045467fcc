use std::fs;

use crate::Site;

/// The couriers in a node's namespace, by their numbers.
#[must_use]
pub fn couriers_in(site: &Site) -> Vec<u32> {
    let node = fs::read_link(site.node().path()).unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_one = |number: &u32| {
        let name = fs::read_to_string(format!("/proc/{number}/comm")).unwrap_or_default();
        let status = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        let is_alive = !status.contains(") Z ");
        let namespace = fs::read_link(format!("/proc/{number}/ns/net"));
        name.starts_with("cofferdam-couri") && is_alive && namespace.is_ok_and(|namespace| namespace == node)
    };
    numbers.filter(is_one).collect()
}
