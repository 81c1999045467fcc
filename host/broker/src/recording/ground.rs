use std::{
    io::{self, Write as _},
    path::Path,
};

/// Where the files of a recording are laid out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ground {
    /// On the disk, as what operators write.
    Disk,
    /// Where state and records are kept.
    Records,
}

impl Ground {
    /// Makes the directories that are missing.
    pub(super) fn make_directories(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Disk => cofferdam_system::disk::make_directories(path, 0o700),
            Self::Records => make_directories_of_records(path),
        }
    }

    /// Writes a file that is not there yet.
    pub(super) fn write(self, path: &Path, content: &[u8]) -> io::Result<()> {
        match self {
            Self::Disk => write_on_disk(path, content),
            Self::Records => write_record(path, content),
        }
    }
}

fn make_directories_of_records(path: &Path) -> io::Result<()> {
    use cofferdam_system::files::{DirBuilder, DirBuilderExt as _};
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn write_record(path: &Path, content: &[u8]) -> io::Result<()> {
    use cofferdam_system::files::{OpenOptions, OpenOptionsExt as _};
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)
}

fn write_on_disk(path: &Path, content: &[u8]) -> io::Result<()> {
    use std::fs::OpenOptions;

    use cofferdam_system::disk::OpenOptionsExt as _;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)
}
