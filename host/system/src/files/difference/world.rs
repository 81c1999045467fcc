use std::{fs::TryLockError, io};

use crate::Errno;

/// The error's name, or what the standard library says of its own accord.
pub(super) fn name_of(error: &io::Error) -> String {
    match (error.raw_os_error(), error.kind()) {
        (Some(number), _) => format!("{:?}", Errno::from_raw(number)),
        (None, io::ErrorKind::InvalidInput) => format!("{:?}", Errno::EINVAL),
        (None, kind) => format!("{kind:?}"),
    }
}

/// What an attempt to lock came to.
pub(super) fn of_lock(tried: Result<(), TryLockError>) -> String {
    match tried {
        Ok(()) => "had".to_owned(),
        Err(TryLockError::WouldBlock) => "not had".to_owned(),
        Err(TryLockError::Error(error)) => name_of(&error),
    }
}

/// Makes a module of that name with a `World`, which does to files what
/// operations say, and says what they answered.
macro_rules! world {
    ($name:ident, $files:ident) => {
        mod $name {
            use std::{
                ffi::OsString,
                io::{self, Read as _, Write as _},
                path::{Path, PathBuf},
                time::{Duration, SystemTime, UNIX_EPOCH},
            };

            use super::{
                super::$files as files,
                operation::{Flags, Operation, Options, SLOTS},
                world::{name_of, of_lock},
            };
            use files::{
                AsDirectory, CURRENT_DIRECTORY, File, FileExt as _, FileType, Metadata, MetadataExt as _, OpenFlags,
            };

            pub(super) struct World {
                root: PathBuf,
                open: [Option<File>; SLOTS],
            }

            impl World {
                pub(super) fn new(root: PathBuf) -> Self {
                    let open = Default::default();
                    Self { root, open }
                }

                pub(super) fn close(&mut self) {
                    self.open = Default::default();
                }

                pub(super) fn carry_out(&mut self, operation: &Operation) -> String {
                    let at = |path: &PathBuf| self.root.join(path);
                    match operation {
                        Operation::Open(slot, path, flags, mode) => {
                            let opened = files::open(&at(path), all(flags), *mode);
                            self.keep(*slot, opened.map_err(io::Error::from))
                        }
                        Operation::OpenAt(slot, directory, name, flags, mode) => {
                            let opened = self.within(*directory, |directory| {
                                Ok(files::open_at(directory, name, all(flags), *mode)?)
                            });
                            opened.map_or_else(|closed| closed, |opened| self.keep(*slot, opened))
                        }
                        Operation::OpenWith(slot, path, options) => {
                            let opened = open_with(&at(path), *options);
                            self.keep(*slot, opened)
                        }
                        Operation::Close(slot) => {
                            self.open[*slot] = None;
                            String::new()
                        }
                        operation => self
                            .of_open(operation)
                            .unwrap_or_else(|| self.of_names(operation)),
                    }
                }

                fn of_open(&self, operation: &Operation) -> Option<String> {
                    let with = |slot: &usize, act: &dyn Fn(&File) -> String| {
                        Some(self.open[*slot].as_ref().map_or("closed".to_owned(), act))
                    };
                    match operation {
                        Operation::ReadSome(slot, length) => with(slot, &|mut file| {
                            let mut buffer = vec![0; *length];
                            let read = file.read(&mut buffer);
                            text(read.map(|length| buffer[..length].to_vec()))
                        }),
                        Operation::ReadAt(slot, length, from) => with(slot, &|file| {
                            let mut buffer = vec![0; *length];
                            text(file.read_exact_at(&mut buffer, *from).map(|()| buffer))
                        }),
                        Operation::WriteSome(slot, bytes) => with(slot, &|mut file| text(file.write(bytes))),
                        Operation::SetLength(slot, length) => with(slot, &|file| text(file.set_len(*length))),
                        Operation::LookAtOpen(slot) => with(slot, &|file| look(file.metadata())),
                        Operation::IsStill(slot, path) => with(slot, &|file| {
                            let opened = file.metadata().unwrap();
                            let found = files::symlink_metadata(self.root.join(path));
                            text(found.map(|found| (found.dev(), found.ino()) == (opened.dev(), opened.ino())))
                        }),
                        Operation::TryLock(slot) => with(slot, &|file| of_lock(file.try_lock())),
                        Operation::TryLockShared(slot) => with(slot, &|file| of_lock(file.try_lock_shared())),
                        Operation::Unlock(slot) => with(slot, &|file| text(file.unlock())),
                        Operation::Stamp(slot) => with(slot, &|file| text(file.set_modified(stamp()))),
                        Operation::SetAttribute(slot, name, value) => {
                            with(slot, &|file| text(Ok(files::set_attribute(file, name, value))))
                        }
                        Operation::Attribute(slot, name, room) => with(slot, &|file| {
                            let mut value = vec![0; *room];
                            let length = files::attribute(file, name, &mut value);
                            text(Ok(length.map(|length| (length, value))))
                        }),
                        _ => None,
                    }
                }

                fn of_names(&self, operation: &Operation) -> String {
                    let at = |path: &PathBuf| self.root.join(path);
                    match operation {
                        Operation::MakeDirectory(path, mode) => text(Ok(files::make_directory(&at(path), *mode))),
                        Operation::MakeDirectories(path) => text(files::create_dir_all(at(path))),
                        Operation::MakeLink(target, path) => text(Ok(files::make_link(target, &at(path)))),
                        Operation::LinkTarget(path) => text(Ok(files::link_target(&at(path)))),
                        Operation::HardLink(from, to) => text(files::hard_link(at(from), at(to))),
                        Operation::Rename(from, to) => text(files::rename(at(from), at(to))),
                        Operation::RemoveFile(path) => text(files::remove_file(at(path))),
                        Operation::RemoveDirectory(path) => text(files::remove_dir(at(path))),
                        Operation::RemoveAll(path) => text(files::remove_dir_all(at(path))),
                        Operation::StampAt(path) => {
                            text(File::open(at(path)).and_then(|file| file.set_modified(stamp())))
                        }
                        Operation::List(path) => text(list(&at(path))),
                        Operation::LookAt(path) => look(files::metadata(at(path))),
                        Operation::LookAtLink(path) => look(files::symlink_metadata(at(path))),
                        Operation::Exists(path) => text(files::exists(at(path))),
                        Operation::Read(path) => text(files::read(at(path))),
                        Operation::Write(path, bytes) => text(files::write(at(path), bytes)),
                        operation => self.below_open(operation),
                    }
                }

                fn below_open(&self, operation: &Operation) -> String {
                    let done = match operation {
                        Operation::MakeFileAt(slot, name, mode) => {
                            self.within(*slot, |at| Ok(files::make_file_at(at, name, *mode)?))
                        }
                        Operation::LinkAt(slot, from, to) => self.within(*slot, |at| Ok(files::link_at(at, from, to)?)),
                        Operation::RenameAt(slot, from, to) => {
                            self.within(*slot, |at| Ok(files::rename_at(at, from, to)?))
                        }
                        Operation::RenameWithoutReplacing(slot, from, to) => {
                            self.within(*slot, |at| Ok(files::rename_at_without_replacing(at, from, to)?))
                        }
                        Operation::UnlinkAt(slot, name) => self.within(*slot, |at| Ok(files::unlink_at(at, name)?)),
                        Operation::RemoveDirectoryAt(slot, name) => {
                            self.within(*slot, |at| Ok(files::remove_directory_at(at, name)?))
                        }
                        operation => panic!("{operation:?} is carried out nowhere"),
                    };
                    done.map_or_else(|closed| closed, text)
                }

                /// Does something below an open directory.
                fn within<T>(
                    &self,
                    slot: usize,
                    act: impl FnOnce(&File) -> io::Result<T>,
                ) -> Result<io::Result<T>, String> {
                    self.open[slot].as_ref().map(act).ok_or("closed".to_owned())
                }

                fn keep(&mut self, slot: usize, opened: io::Result<File>) -> String {
                    match opened {
                        Ok(file) => {
                            self.open[slot] = Some(file);
                            "opened".to_owned()
                        }
                        Err(error) => name_of(&error),
                    }
                }

                /// All that there is, but for what cannot be alike.
                pub(super) fn picture(&self) -> String {
                    let mut lines = Vec::new();
                    draw(self.root.ancestors().nth(2).unwrap(), &mut lines);
                    lines.join("\n")
                }
            }

            fn draw(path: &Path, lines: &mut Vec<String>) {
                let found = files::symlink_metadata(path).unwrap();
                let content = match found.file_type() {
                    kind if kind.is_file() => format!("{:?}", files::read(path).unwrap()),
                    kind if kind.is_symlink() => format!("{:?}", files::read_link(path).unwrap()),
                    _ => String::new(),
                };
                lines.push(format!("{} {} {content}", path.display(), describe(&found)));
                if found.is_dir() {
                    for (name, _) in list(path).unwrap() {
                        draw(&path.join(name), lines);
                    }
                }
            }

            fn all(flags: &Flags) -> OpenFlags {
                let numbers = flags.iter().map(|name| OpenFlags::from_name(name).unwrap());
                numbers.fold(OpenFlags::empty(), |all, flag| all | flag)
            }

            fn open_with(path: &Path, options: Options) -> io::Result<File> {
                files::OpenOptions::new()
                    .read(options.read)
                    .write(options.write)
                    .append(options.append)
                    .truncate(options.truncate)
                    .create(options.create)
                    .create_new(options.create_new)
                    .open(path)
            }

            fn list(path: &Path) -> io::Result<Vec<(OsString, &'static str)>> {
                let entries = files::read_dir(path)?.map(|entry| {
                    let entry = entry?;
                    assert_eq!(entry.path(), path.join(entry.file_name()));
                    Ok((entry.file_name(), kind(entry.file_type()?)))
                });
                let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
                entries.sort();
                Ok(entries)
            }

            fn kind(kind: FileType) -> &'static str {
                match kind {
                    kind if kind.is_dir() => "directory",
                    kind if kind.is_symlink() => "link",
                    kind if kind.is_file() => "file",
                    _ => "else",
                }
            }

            fn look(found: io::Result<Metadata>) -> String {
                found.map_or_else(|error| name_of(&error), |found| describe(&found))
            }

            fn describe(found: &Metadata) -> String {
                // How large a directory is, and what counts as its names, each
                // file system has its own mind about.
                let names = if found.is_dir() {
                    found.nlink().min(1)
                } else {
                    found.nlink()
                };
                let length = if found.is_dir() { 0 } else { found.len() };
                format!(
                    "{} {:o} {names} names {length} bytes{}{}",
                    kind(found.file_type()),
                    found.mode(),
                    if found.uid() == files::user() {
                        ""
                    } else {
                        " another's"
                    },
                    if found.modified().unwrap() == stamp() {
                        " stamped"
                    } else {
                        ""
                    },
                )
            }

            /// A time at which nothing is changed.
            fn stamp() -> SystemTime {
                UNIX_EPOCH + Duration::from_secs(1000)
            }

            fn text<T: std::fmt::Debug>(done: io::Result<T>) -> String {
                done.map_or_else(|error| name_of(&error), |done| format!("{done:?}"))
            }

            // Both know what a process's own directory is.
            const _: fn() = || {
                fn is_directory(_: impl AsDirectory) {}
                is_directory(CURRENT_DIRECTORY);
            };
        }
    };
}

pub(super) use world;
