use std::{io, path::Path};

use super::{
    File, OpenFlags, directories::make_directory, file::CURRENT_DIRECTORY, metadata::metadata, open::open_from,
};
use crate::Errno;

/// How a file is opened, as [`std::fs::OpenOptions`].
#[derive(Clone, Debug)]
pub struct OpenOptions {
    read: bool,
    write: bool,
    append: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
    mode: u32,
    flags: i32,
}

/// What Unix has besides, as `std::os::unix::fs::OpenOptionsExt`.
pub trait OpenOptionsExt {
    /// The permissions of a file that is made.
    fn mode(&mut self, mode: u32) -> &mut Self;
    /// Flags of `open(2)`.
    fn custom_flags(&mut self, flags: i32) -> &mut Self;
}

impl OpenOptions {
    /// None.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            read: false,
            write: false,
            append: false,
            truncate: false,
            create: false,
            create_new: false,
            mode: 0o666,
            flags: 0,
        }
    }

    /// To be read.
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.read = read;
        self
    }

    /// To be written.
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.write = write;
        self
    }

    /// To be written at its end, wherever that is.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.append = append;
        self
    }

    /// What is in it goes.
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.truncate = truncate;
        self
    }

    /// It is made if there is none.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.create = create;
        self
    }

    /// It is made, and there is none.
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.create_new = create_new;
        self
    }

    /// Opens it.
    ///
    /// # Errors
    /// The options make no sense together, or those of `open(2)`.
    pub fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let flags = self.access()? | self.creation()? | OpenFlags::from_bits_truncate(self.flags);
        Ok(open_from(CURRENT_DIRECTORY, path.as_ref(), flags, self.mode)?)
    }

    fn access(&self) -> Result<OpenFlags, Errno> {
        match (self.read, self.write, self.append) {
            (true, false, false) => Ok(OpenFlags::O_RDONLY),
            (false, true, false) => Ok(OpenFlags::O_WRONLY),
            (true, true, false) => Ok(OpenFlags::O_RDWR),
            (false, _, true) => Ok(OpenFlags::O_WRONLY | OpenFlags::O_APPEND),
            (true, _, true) => Ok(OpenFlags::O_RDWR | OpenFlags::O_APPEND),
            (false, false, false) => Err(Errno::EINVAL),
        }
    }

    fn creation(&self) -> Result<OpenFlags, Errno> {
        let makes_or_cuts = self.truncate || self.create || self.create_new;
        let may_write = self.write || self.append;
        if (makes_or_cuts && !may_write) || (self.append && self.truncate && !self.create_new) {
            return Err(Errno::EINVAL);
        }
        Ok(match (self.create, self.truncate, self.create_new) {
            (_, _, true) => OpenFlags::O_CREAT | OpenFlags::O_EXCL,
            (true, true, false) => OpenFlags::O_CREAT | OpenFlags::O_TRUNC,
            (true, false, false) => OpenFlags::O_CREAT,
            (false, true, false) => OpenFlags::O_TRUNC,
            (false, false, false) => OpenFlags::empty(),
        })
    }
}

impl OpenOptionsExt for OpenOptions {
    fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = mode;
        self
    }

    fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.flags = flags;
        self
    }
}

/// How a directory is made, as [`std::fs::DirBuilder`].
#[derive(Clone, Debug)]
pub struct DirBuilder {
    recursive: bool,
    mode: u32,
}

/// What Unix has besides, as `std::os::unix::fs::DirBuilderExt`.
pub trait DirBuilderExt {
    /// The permissions of those that are made.
    fn mode(&mut self, mode: u32) -> &mut Self;
}

impl DirBuilder {
    /// One, with the usual permissions.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            recursive: false,
            mode: 0o777,
        }
    }

    /// With those above it; one that is there is no error.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// Makes it.
    ///
    /// # Errors
    /// Those of `mkdir(2)`.
    pub fn create(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let made = if self.recursive {
            self.create_with_parents(path)
        } else {
            make_directory(path, self.mode)
        };
        Ok(made?)
    }

    fn create_with_parents(&self, path: &Path) -> Result<(), Errno> {
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        match self.create_one(path) {
            Err(Errno::ENOENT) => {
                self.create_with_parents(path.parent().ok_or(Errno::ENOENT)?)?;
                self.create_one(path)
            }
            made => made,
        }
    }

    fn create_one(&self, path: &Path) -> Result<(), Errno> {
        match make_directory(path, self.mode) {
            Err(Errno::EEXIST) if metadata(path).is_ok_and(|found| found.is_dir()) => Ok(()),
            made => made,
        }
    }
}

impl DirBuilderExt for DirBuilder {
    fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = mode;
        self
    }
}
