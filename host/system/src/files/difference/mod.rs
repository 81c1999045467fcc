//! The file system in memory against Linux's: whatever is done to both, both
//! answer the same, error by error.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod operation;
mod world;

use std::path::PathBuf;

use nix::sys::stat::{Mode, umask};
use operation::{Operation, operations};
use proptest::prelude::*;

use super::kernel;

world::world!(real, kernel);
world::world!(simulated, memory);

/// Directories that `..` of any path leads to, and no further.
const ABOVE: &str = "1/2/3/4/5/6/7/8";

/// Where both do the same, at the same path.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        // The one that the file system in memory has.
        umask(Mode::from_bits_truncate(0o022));
        let in_memory = tempfile::tempdir_in("/dev/shm").map(|directory| Self { directory });
        let place = match in_memory {
            Ok(place) if place.is_able() => place,
            _ => Self {
                directory: tempfile::tempdir().unwrap(),
            },
        };
        kernel::create_dir_all(place.root()).unwrap();
        super::memory::create_dir_all(place.root()).unwrap();
        place
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join(ABOVE)
    }

    /// Whether Linux's files can do all that those in memory can.
    fn is_able(&self) -> bool {
        let path = self.directory.path();
        let file = kernel::open(path, kernel::OpenFlags::O_WRONLY | kernel::OpenFlags::O_TMPFILE, 0o600);
        file.is_ok_and(|file| kernel::set_attribute(&file, "user.a", b"").is_ok())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = super::memory::remove_dir_all(self.directory.path());
    }
}

fn compare(operations: &[Operation]) -> Result<(), TestCaseError> {
    let place = Place::new();
    if !place.is_able() {
        println!("not compared: files have no attributes here, or need names");
        return Ok(());
    }
    let (mut real, mut simulated) = (real::World::new(place.root()), simulated::World::new(place.root()));
    for (number, operation) in operations.iter().enumerate() {
        let (there, here) = (real.carry_out(operation), simulated.carry_out(operation));
        prop_assert_eq!(
            &here,
            &there,
            "operation {} of {:#?}\n{}",
            number,
            operations.get(..=number).unwrap_or_default(),
            real.picture()
        );
    }
    real.close();
    simulated.close();
    let pictures = (simulated.picture(), real.picture());
    prop_assert_eq!(pictures.0, pictures.1, "after {:#?}", operations);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4 * ProptestConfig::default().cases, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn files_in_memory_behave_as_those_of_linux(operations in operations()) {
        compare(&operations)?;
    }
}

#[test]
fn a_difference_would_be_found() {
    let place = Place::new();
    let (mut real, mut simulated) = (real::World::new(place.root()), simulated::World::new(place.root()));
    kernel::write(place.root().join("a"), "only there").unwrap();
    let look = Operation::Read(PathBuf::from("a"));
    assert_ne!(real.carry_out(&look), simulated.carry_out(&look));
    assert_ne!(real.picture(), simulated.picture());
}
