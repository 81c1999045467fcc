use std::{
    fs::{DirBuilder, Metadata, OpenOptions},
    os::windows::fs::OpenOptionsExt as _,
};

/// `FILE_FLAG_OPEN_REPARSE_POINT`: the link itself.
const LINK_ITSELF: u32 = 0x0020_0000;
/// `FILE_FLAG_BACKUP_SEMANTICS`: without it a directory can't be opened, and
/// would be told as something that access is denied to.
const DIRECTORIES_TOO: u32 = 0x0200_0000;

pub(super) fn mode(options: &mut OpenOptions, _: u32) -> &mut OpenOptions {
    options
}

pub(super) fn unfollowed(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(LINK_ITSELF | DIRECTORIES_TOO)
}

pub(super) fn directory_builder(_: u32) -> DirBuilder {
    DirBuilder::new()
}

pub(super) fn is_own(_: &Metadata) -> bool {
    true
}

pub(super) fn is_open_to_others(_: &Metadata) -> bool {
    false
}
