//! Network settings of the calling thread's namespace.

use std::{
    fs::{self, DirEntry, File},
    io::Read as _,
    path::Path,
};

use super::{objects::Object, tree::read_tree};

const BASE: &str = "/proc/sys";
const LINKS: &str = "net/ipv6/conf";
const GUARDED: [&str; 2] = ["addr_gen_mode", "stable_secret"];

/// All but those that [`Guarded`] reads.
pub(super) fn all() -> Vec<Object> {
    let base = Path::new(BASE);
    let mut found = Vec::new();
    for key in ["net/ipv4/ip_forward", "net/ipv4/conf", LINKS] {
        read_tree(base, &base.join(key), &|name| GUARDED.contains(&name), &mut found);
    }
    found.into_iter().map(|(key, value)| (name(&key), value)).collect()
}

fn name(key: &str) -> String {
    format!("setting {key}")
}

/// Settings that the kernel reads while nobody changes links, in whichever
/// namespace; until then it tries again and again. Best is to have waited for
/// such a moment otherwise.
pub(super) struct Guarded(Vec<(String, File)>);

impl Guarded {
    pub(super) fn open() -> Self {
        let links = fs::read_dir(Path::new(BASE).join(LINKS))
            .into_iter()
            .flatten()
            .flatten();
        let of_link = |link: DirEntry| {
            GUARDED.map(|setting| {
                let file = File::open(link.path().join(setting)).ok()?;
                let link = link.file_name().into_string().ok()?;
                Some((name(&format!("{LINKS}/{link}/{setting}")), file))
            })
        };
        Self(links.flat_map(of_link).flatten().collect())
    }

    pub(super) fn read(self) -> Vec<Object> {
        let read = |(name, mut file): (String, File)| {
            let mut content = [0; 64];
            // A secret that was not written has no value.
            let length = file.read(&mut content).ok()?;
            let value = String::from_utf8_lossy(&content[..length]);
            Some((name, format!("{:?}", value.trim_end())))
        };
        self.0.into_iter().filter_map(read).collect()
    }
}
