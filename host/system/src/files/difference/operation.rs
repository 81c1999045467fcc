use std::path::PathBuf;

use proptest::{prelude::*, sample::select};

/// Open files that there are at most.
pub(super) const SLOTS: usize = 4;

/// One thing that is done to both file systems. Paths are below the root of the
/// test; a slot may hold an open file.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Open(usize, PathBuf, Flags, u32),
    OpenAt(usize, usize, String, Flags, u32),
    OpenWith(usize, PathBuf, Options),
    Close(usize),
    ReadSome(usize, usize),
    ReadAt(usize, usize, u64),
    WriteSome(usize, Vec<u8>),
    SetLength(usize, u64),
    LookAtOpen(usize),
    IsStill(usize, PathBuf),
    TryLock(usize),
    TryLockShared(usize),
    Unlock(usize),
    Stamp(usize),
    StampAt(PathBuf),
    SetAttribute(usize, &'static str, Vec<u8>),
    Attribute(usize, &'static str, usize),
    MakeDirectory(PathBuf, u32),
    MakeDirectories(PathBuf),
    MakeFileAt(usize, String, u32),
    MakeLink(String, PathBuf),
    LinkTarget(PathBuf),
    LinkAt(usize, String, String),
    HardLink(PathBuf, PathBuf),
    Rename(PathBuf, PathBuf),
    RenameAt(usize, String, String),
    RenameWithoutReplacing(usize, String, String),
    UnlinkAt(usize, String),
    RemoveFile(PathBuf),
    RemoveDirectoryAt(usize, String),
    RemoveDirectory(PathBuf),
    RemoveAll(PathBuf),
    List(PathBuf),
    LookAt(PathBuf),
    LookAtLink(PathBuf),
    Exists(PathBuf),
    Read(PathBuf),
    Write(PathBuf, Vec<u8>),
}

/// Flags of `open(2)`, by their names: the numbers differ.
pub(super) type Flags = Vec<&'static str>;

/// What [`std::fs::OpenOptions`] are set to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) append: bool,
    pub(super) truncate: bool,
    pub(super) create: bool,
    pub(super) create_new: bool,
}

/// What is done, one after the other; mostly where there is something already.
pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let furnished = prop_oneof![1 => Just(Vec::new()), 3 => Just(furniture())];
    (furnished, prop::collection::vec(operation(), 1..40)).prop_map(|(mut all, operations)| {
        all.extend(operations);
        all
    })
}

/// Directories that are open, a file, links, and nothing that was just changed.
fn furniture() -> Vec<Operation> {
    use Operation::{MakeDirectory, MakeLink, Open, StampAt, Write};
    let directory = || vec!["O_RDONLY", "O_DIRECTORY"];
    let mut all = vec![
        MakeDirectory("a".into(), 0o700),
        MakeDirectory("a/b".into(), 0o700),
        Write("a/c".into(), b"abc".to_vec()),
        MakeLink("a".to_owned(), "b".into()),
        MakeLink("../c".to_owned(), "a/a".into()),
        Open(0, "a".into(), directory(), 0),
        Open(1, "a/b".into(), directory(), 0),
    ];
    all.extend([".", "a", "a/b", "a/c"].map(|path| StampAt(path.into())));
    all
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![4 => on_open_files(), 4 => on_names(), 3 => looks(), 4 => opens()]
}

fn opens() -> impl Strategy<Value = Operation> {
    use Operation::{Open, OpenAt, OpenWith};
    prop_oneof![
        4 => (slot(), path(), flags(), mode()).prop_map(|(slot, path, flags, mode)| Open(slot, path, flags, mode)),
        2 => (slot(), slot(), name(), flags(), mode())
            .prop_map(|(slot, at, name, flags, mode)| OpenAt(slot, at, name, flags, mode)),
        2 => (slot(), path(), options()).prop_map(|(slot, path, options)| OpenWith(slot, path, options)),
        1 => slot().prop_map(Operation::Close),
    ]
}

fn on_open_files() -> impl Strategy<Value = Operation> {
    use Operation::*;
    prop_oneof![
        (slot(), 0..20_usize).prop_map(|(slot, length)| ReadSome(slot, length)),
        (slot(), 0..5_usize, 0..8_u64).prop_map(|(slot, length, from)| ReadAt(slot, length, from)),
        (slot(), bytes()).prop_map(|(slot, bytes)| WriteSome(slot, bytes)),
        (slot(), 0..12_u64).prop_map(|(slot, length)| SetLength(slot, length)),
        slot().prop_map(LookAtOpen),
        (slot(), path()).prop_map(|(slot, path)| IsStill(slot, path)),
        slot().prop_map(TryLock),
        slot().prop_map(TryLockShared),
        slot().prop_map(Unlock),
        slot().prop_map(Stamp),
        path().prop_map(StampAt),
        (slot(), attribute(), bytes()).prop_map(|(slot, name, value)| SetAttribute(slot, name, value)),
        (slot(), attribute(), 0..4_usize).prop_map(|(slot, name, room)| Attribute(slot, name, room)),
    ]
}

fn on_names() -> impl Strategy<Value = Operation> {
    use Operation::*;
    prop_oneof![
        3 => (path(), mode()).prop_map(|(path, mode)| MakeDirectory(path, mode)),
        1 => path().prop_map(MakeDirectories),
        2 => (slot(), name(), mode()).prop_map(|(slot, name, mode)| MakeFileAt(slot, name, mode)),
        3 => (target(), path()).prop_map(|(target, path)| MakeLink(target, path)),
        1 => (slot(), name(), name()).prop_map(|(slot, from, to)| LinkAt(slot, from, to)),
        2 => (path(), path()).prop_map(|(from, to)| HardLink(from, to)),
        4 => (path(), path()).prop_map(|(from, to)| Rename(from, to)),
        2 => (slot(), name(), name()).prop_map(|(slot, from, to)| RenameAt(slot, from, to)),
        2 => (slot(), name(), name()).prop_map(|(slot, from, to)| RenameWithoutReplacing(slot, from, to)),
        1 => (slot(), name()).prop_map(|(slot, name)| UnlinkAt(slot, name)),
        2 => path().prop_map(RemoveFile),
        1 => (slot(), name()).prop_map(|(slot, name)| RemoveDirectoryAt(slot, name)),
        2 => path().prop_map(RemoveDirectory),
        1 => prop_oneof![plain(), (plain(), plain()).prop_map(|(above, below)| format!("{above}/{below}"))]
            .prop_map(|name| RemoveAll(name.into())),
        2 => (path(), bytes()).prop_map(|(path, bytes)| Write(path, bytes)),
    ]
}

fn looks() -> impl Strategy<Value = Operation> {
    use Operation::*;
    prop_oneof![
        path().prop_map(LinkTarget),
        path().prop_map(List),
        path().prop_map(LookAt),
        path().prop_map(LookAtLink),
        path().prop_map(Exists),
        path().prop_map(Read),
    ]
}

fn slot() -> impl Strategy<Value = usize> {
    0..SLOTS
}

fn mode() -> impl Strategy<Value = u32> {
    select(vec![0o600, 0o700, 0o750, 0o755, 0o666, 0o777])
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(b'a'..=b'c', 0..4)
}

fn attribute() -> impl Strategy<Value = &'static str> {
    select(vec!["user.a", "user.b"])
}

fn plain() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}

/// Most are names that others have, too; some are odd.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => plain(),
        4 => (plain(), plain()).prop_map(|(above, below)| format!("{above}/{below}")),
        2 => (plain(), plain(), plain()).prop_map(|(first, second, third)| format!("{first}/{second}/{third}")),
        1 => (plain(), plain()).prop_map(|(first, second)| format!("{first}/../{second}")),
        2 => plain().prop_map(|name| format!("{name}/")),
        1 => (plain(), select(vec!["/.", "/..", "//", "/./", "/../a"])).prop_map(|(name, end)| format!("{name}{end}")),
        1 => select(vec!["", ".", "..", "./", "../", "../a", "a\0b", "..a"]).prop_map(str::to_owned),
        1 => select(vec![255_usize, 256]).prop_map(|length| "n".repeat(length)),
    ]
}

fn path() -> impl Strategy<Value = PathBuf> {
    name().prop_map(PathBuf::from)
}

/// Where a link leads: often to another link.
fn target() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => plain(),
        2 => (plain(), plain()).prop_map(|(above, below)| format!("{above}/{below}")),
        1 => plain().prop_map(|name| format!("{name}/")),
        1 => select(vec!["", ".", "..", "../a", "nowhere/at/all", "a/."]).prop_map(str::to_owned),
        1 => select(vec![4095_usize, 4096]).prop_map(|length| "n".repeat(length)),
    ]
}

fn flags() -> impl Strategy<Value = Flags> {
    let usual = vec![
        vec!["O_RDONLY"],
        vec!["O_RDONLY", "O_NONBLOCK"],
        vec!["O_RDONLY", "O_DIRECTORY"],
        vec!["O_PATH", "O_DIRECTORY"],
        vec!["O_RDWR", "O_CREAT"],
        vec!["O_RDWR", "O_APPEND"],
        vec!["O_RDWR", "O_APPEND", "O_CREAT"],
        vec!["O_WRONLY", "O_CREAT", "O_TRUNC"],
        vec!["O_WRONLY", "O_CREAT", "O_EXCL"],
        vec!["O_WRONLY", "O_TMPFILE"],
    ];
    let odd = vec![
        vec!["O_PATH"],
        vec!["O_RDONLY", "O_CREAT"],
        vec!["O_RDONLY", "O_TMPFILE"],
        vec!["O_WRONLY", "O_DIRECTORY"],
        vec!["O_RDWR", "O_TRUNC"],
        vec!["O_RDONLY", "O_CREAT", "O_EXCL"],
    ];
    prop_oneof![4 => select(usual), 1 => select(odd)]
}

fn options() -> impl Strategy<Value = Options> {
    prop::array::uniform6(any::<bool>()).prop_map(|[read, write, append, truncate, create, create_new]| Options {
        read,
        write,
        append,
        truncate,
        create,
        create_new,
    })
}
