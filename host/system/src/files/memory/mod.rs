//! A file system in memory, one for the process: directories, regular files
//! and links of both kinds, as Linux has them, error by error. Everything in it
//! is this process's user's, who may do anything; there is always room.
//!
//! On Windows a path's drive is passed over, and both separators separate.

mod attributes;
mod directories;
mod file;
mod lock;
mod metadata;
mod names;
mod open;
mod options;
mod path;
mod tree;
mod whole;

pub use std::fs::TryLockError;

pub use attributes::{FsType, attribute, file_system, file_system_of, set_attribute};
pub use directories::{
    DirEntry, ReadDir, create_dir, create_dir_all, make_directory, read_dir, remove_dir, remove_dir_all,
    remove_directory_at,
};
pub use file::{AsDirectory, CURRENT_DIRECTORY, CurrentDirectory, File, FileExt};
pub use metadata::{FileType, Metadata, MetadataExt, exists, metadata, symlink_metadata, user};
pub use names::{
    hard_link, link_at, link_target, make_file_at, make_link, read_link, remove_file, rename, rename_at,
    rename_at_without_replacing, symlink, unlink_at,
};
pub use open::{OpenFlags, open, open_at};
pub use options::{DirBuilder, DirBuilderExt, OpenOptions, OpenOptionsExt};
pub use whole::{read, read_to_string, write};
