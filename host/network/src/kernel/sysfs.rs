//! Finds the links of a device where the kernel shows devices, below `/sys`.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use crate::{DeviceSelector, Error, Result};

/// Where the kernel shows devices.
pub(super) const ROOT: &str = "/sys";
const DEVICES: &str = "/sys/devices";
const PCI: &str = "bus/pci/devices";
const AUXILIARY: &str = "bus/auxiliary/devices";
/// Drivers that hand a device over to a program.
const USERSPACE_DRIVERS: [&str; 3] = ["vfio-pci", "uio_pci_generic", "igb_uio"];
/// The longest name of a device that is looked for.
const LONGEST_NAME: usize = 127;

/// What there is of a device.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Names of links, with the numbers that go with them where they are told;
    /// sorted, at least one.
    Links(Vec<(String, Option<u32>)>),
    /// Its PCI address.
    Userspace(String),
}

/// Looks below a directory that stands for `/sys`. Links that are found by
/// name or Ethernet address are none of its business.
pub(super) fn find(root: &Path, selector: &DeviceSelector) -> Result<Found> {
    let missing = || Error::NotFound(selector.to_string());
    match selector {
        DeviceSelector::Name(_) | DeviceSelector::Mac(_) => Err(missing()),
        DeviceSelector::KernelPath(path) => links(&root.join(below_sys(path)?).join("net")).ok_or_else(missing),
        DeviceSelector::Pci(address) => of_pci(root, address, selector),
        DeviceSelector::Id(id) => {
            check_name(id)?;
            if root.join(PCI).join(id).exists() {
                return of_pci(root, id, selector);
            }
            links(&root.join(AUXILIARY).join(id).join("net")).ok_or_else(missing)
        }
    }
}

/// The path without its `/sys/`. One with `..` in it would lead elsewhere.
fn below_sys(path: &Path) -> Result<PathBuf> {
    let is_plain = path
        .components()
        .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    let below = path.strip_prefix(DEVICES).ok().filter(|below| *below != Path::new(""));
    match below {
        Some(below) if is_plain => Ok(Path::new("devices").join(below)),
        _ => Err(Error::Invalid(format!(
            "{path:?} is no absolute path of a device below {DEVICES}"
        ))),
    }
}

fn of_pci(root: &Path, address: &str, selector: &DeviceSelector) -> Result<Found> {
    check_name(address)?;
    let device = root.join(PCI).join(address);
    let driver = fs::read_link(device.join("driver")).ok();
    let driver = driver.as_deref().and_then(Path::file_name);
    if driver.is_some_and(|driver| USERSPACE_DRIVERS.iter().any(|known| driver == *known)) {
        return Ok(Found::Userspace(address.to_owned()));
    }
    let own = links(&device.join("net"));
    own.or_else(|| of_virtio(&device))
        .ok_or_else(|| Error::NotFound(format!("a network interface of {selector}")))
}

/// The links of a paravirtual device are one step further down.
fn of_virtio(device: &Path) -> Option<Found> {
    let names = names(device);
    let mut virtio = names.iter().filter(|name| name.starts_with("virtio"));
    virtio.find_map(|name| links(&device.join(name).join("net")))
}

fn links(directory: &Path) -> Option<Found> {
    let names = names(directory);
    let number = |name: &String| {
        let text = fs::read_to_string(directory.join(name).join("ifindex")).ok()?;
        text.trim().parse().ok()
    };
    let links: Vec<_> = names
        .into_iter()
        .map(|name| (number(&name), name))
        .map(|(number, name)| (name, number))
        .collect();
    (!links.is_empty()).then_some(Found::Links(links))
}

/// What is in a directory, sorted; nothing where it can't be read.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// A name is one step of a path.
fn check_name(name: &str) -> Result<()> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    if name.is_empty() || name.len() > LONGEST_NAME || !is_plain || matches!(name, "." | "..") {
        return Err(Error::Invalid(format!("{name:?} can't be the name of a device")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::symlink;

    use super::*;

    /// A card with two ports, a paravirtual one, one with a driver of user
    /// space, one without any driver, and a part of a card.
    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let make = |path: &str| fs::create_dir_all(root.path().join(path)).unwrap();
        for path in [
            "bus/pci/devices/0000:03:00.0/net/eth1",
            "bus/pci/devices/0000:03:00.0/net/eth0",
            "bus/pci/devices/0000:04:00.0/virtio3/net/eth4",
            "bus/pci/devices/0000:05:00.0",
            "bus/pci/devices/0000:06:00.0",
            "bus/auxiliary/devices/mlx5_core.sf.4/net/sf4",
            "devices/pci0000:00/0000:00:03.0/net/eth0",
            "bus/pci/drivers/vfio-pci",
        ] {
            make(path);
        }
        let number = root.path().join("bus/pci/devices/0000:03:00.0/net/eth0/ifindex");
        fs::write(number, "7\n").unwrap();
        symlink(
            "../../drivers/vfio-pci",
            root.path().join("bus/pci/devices/0000:05:00.0/driver"),
        )
        .unwrap();
        root
    }

    fn named(links: &[(&str, Option<u32>)]) -> Found {
        Found::Links(
            links
                .iter()
                .map(|(name, number)| ((*name).to_owned(), *number))
                .collect(),
        )
    }

    #[test]
    fn a_device_is_found_by_path_and_bus() {
        let root = tree();
        let pci = |address: &str| DeviceSelector::Pci(address.to_owned());
        let id = |id: &str| DeviceSelector::Id(id.to_owned());
        let both = [("eth0", Some(7)), ("eth1", None)];
        for (selector, found) in [
            (pci("0000:03:00.0"), named(&both)),
            (id("0000:03:00.0"), named(&both)),
            (pci("0000:04:00.0"), named(&[("eth4", None)])),
            (pci("0000:05:00.0"), Found::Userspace("0000:05:00.0".to_owned())),
            (id("0000:05:00.0"), Found::Userspace("0000:05:00.0".to_owned())),
            (id("mlx5_core.sf.4"), named(&[("sf4", None)])),
            (
                DeviceSelector::KernelPath("/sys/devices/pci0000:00/0000:00:03.0".into()),
                named(&[("eth0", None)]),
            ),
        ] {
            assert_eq!(find(root.path(), &selector).unwrap(), found, "{selector}");
        }
        for selector in [pci("0000:06:00.0"), pci("0000:07:00.0"), id("mlx5_core.sf.5")] {
            let missing = find(root.path(), &selector).unwrap_err();
            assert!(matches!(&missing, Error::NotFound(text) if text.contains(&selector.to_string())));
        }
    }

    #[test]
    fn nothing_is_looked_for_outside_of_where_devices_are() {
        let root = tree();
        for path in [
            "/sys/devices/../bus/pci/devices/0000:03:00.0",
            "/sys/class/net",
            "/sys/devices",
            "/sys/devicesx/a",
            "devices/pci0000:00",
            "/etc",
        ] {
            let refused = find(root.path(), &DeviceSelector::KernelPath(path.into()));
            assert!(matches!(refused, Err(Error::Invalid(_))), "{path}");
        }
        for name in ["", ".", "..", "../../class", "a b", "a\0"] {
            for selector in [
                DeviceSelector::Pci(name.to_owned()),
                DeviceSelector::Id(name.to_owned()),
            ] {
                assert!(
                    matches!(find(root.path(), &selector), Err(Error::Invalid(_))),
                    "{name:?}"
                );
            }
        }
    }
}
