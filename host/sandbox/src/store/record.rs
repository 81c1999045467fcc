use std::{fmt, fs::File, io, str::FromStr};

use super::{Digest, ParseDigestError};

/// What is on record of a compiled form: its digest, which file had it, and
/// the digests of what the component declares to need, and of its
/// configuration's schema.
///
/// As long as it is that very file, unwritten since, its digest need not be
/// computed again at each call (docs/decisions/0004). The others are small,
/// and their digests are computed each time that they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) digest: Digest,
    file: Option<Identity>,
    /// Absent in a record that was made before declarations were kept.
    pub(super) needs: Option<Digest>,
    /// Absent where the component has none, and in a record that was made
    /// before schemas were kept.
    pub(super) schema: Option<Digest>,
}

/// What the line of the declaration's digest begins with.
const NEEDS: &str = "needs";
/// What the line of the schema's digest begins with.
const SCHEMA: &str = "schema";

/// Tells a file from what it is after somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    inode: u64,
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Identity {
    #[cfg(unix)]
    fn of(file: &File) -> io::Result<Option<Self>> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = file.metadata()?;
        Ok(Some(Self {
            inode: metadata.ino(),
            size: metadata.size(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        }))
    }

    /// Where files have no number that can be asked for, the digest decides.
    #[cfg(not(unix))]
    fn of(_: &File) -> io::Result<Option<Self>> {
        Ok(None)
    }
}

impl Record {
    /// A record of a file that was just written, and of what is beside it.
    pub(super) fn of(digest: Digest, file: &File, needs: Digest, schema: Option<Digest>) -> io::Result<Self> {
        Ok(Self {
            digest,
            file: Identity::of(file)?,
            needs: Some(needs),
            schema,
        })
    }

    /// Whether the file is the recorded one, unwritten since.
    pub(super) fn is_of(&self, file: &File) -> bool {
        self.file.is_some() && Identity::of(file).is_ok_and(|identity| identity == self.file)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.digest)?;
        match &self.file {
            Some(Identity {
                inode,
                size,
                seconds,
                nanoseconds,
            }) => {
                writeln!(f, "{inode} {size} {seconds} {nanoseconds}")?;
            }
            None => writeln!(f)?,
        }
        for (word, digest) in [(NEEDS, &self.needs), (SCHEMA, &self.schema)] {
            if let Some(digest) = digest {
                writeln!(f, "{word} {digest}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Record {
    type Err = ParseDigestError;

    /// A second line that makes no sense is none: the digest decides then.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut lines = text.lines();
        let digest = lines.next().unwrap_or_default().trim().parse()?;
        let file = lines.next().and_then(identity);
        let mut named = |word: &str| {
            let rest = lines.next().and_then(|line| line.strip_prefix(word));
            rest.map(|digest| digest.trim().parse()).transpose()
        };
        Ok(Self {
            digest,
            file,
            needs: named(NEEDS)?,
            schema: named(SCHEMA)?,
        })
    }
}

fn identity(text: &str) -> Option<Identity> {
    let mut words = text.split_whitespace();
    let identity = Identity {
        inode: words.next()?.parse().ok()?,
        size: words.next()?.parse().ok()?,
        seconds: words.next()?.parse().ok()?,
        nanoseconds: words.next()?.parse().ok()?,
    };
    words.next().is_none().then_some(identity)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_record_is_of_its_file_until_that_is_written() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"code").unwrap();
        let record = Record::of(Digest::of(b"code"), &file, Digest::of(b"null"), None).unwrap();
        let read: Record = record.to_string().parse().unwrap();
        assert_eq!(read, record);
        assert!(read.is_of(&file));
        file.write_all(b"more").unwrap();
        assert!(!read.is_of(&file));
    }

    #[test]
    fn a_record_without_a_file_leaves_it_to_the_digest() {
        let digest = Digest::of(b"code");
        for text in [
            format!("{digest}\n"),
            format!("{digest}"),
            format!("{digest}\n1 2 x 4\n"),
        ] {
            let record: Record = text.parse().unwrap();
            assert_eq!(record.digest, digest);
            assert!(!record.is_of(&tempfile::tempfile().unwrap()));
            assert_eq!(record.needs, None);
        }
        assert!("no digest\n1 2 3 4".parse::<Record>().is_err());
        assert!(format!("{digest}\n1 2 3 4\nneeds x\n").parse::<Record>().is_err());
    }

    #[test]
    fn a_declaration_is_on_record_with_a_file_or_without() {
        let (code, needs) = (Digest::of(b"code"), Digest::of(b"null"));
        for file in ["1 2 3 4", ""] {
            let record: Record = format!("{code}\n{file}\nneeds {needs}\n").parse().unwrap();
            assert_eq!((record.needs, record.schema), (Some(needs), None), "{file:?}");
            assert_eq!(record.to_string().parse::<Record>().unwrap(), record);
            let record: Record = format!("{code}\n{file}\nneeds {needs}\nschema {code}\n")
                .parse()
                .unwrap();
            assert_eq!((record.needs, record.schema), (Some(needs), Some(code)), "{file:?}");
            assert_eq!(record.to_string().parse::<Record>().unwrap(), record);
        }
    }
}
