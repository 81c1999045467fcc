use std::{
    fs::{DirBuilder, Metadata, OpenOptions},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
};

use nix::{libc::O_NOFOLLOW, unistd::geteuid};

pub(super) fn mode(options: &mut OpenOptions, mode: u32) -> &mut OpenOptions {
    options.mode(mode)
}

pub(super) fn unfollowed(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(O_NOFOLLOW)
}

pub(super) fn directory_builder(mode: u32) -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(mode);
    builder
}

pub(super) fn is_own(metadata: &Metadata) -> bool {
    metadata.uid() == geteuid().as_raw()
}

pub(super) fn is_open_to_others(metadata: &Metadata) -> bool {
    metadata.mode() & 0o022 != 0
}
