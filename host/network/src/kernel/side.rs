use std::{
    collections::BTreeMap,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    path::Path,
    time::Duration,
};

use cofferdam_protocol::Place;
use nix::errno::Errno;

use super::{ahead::Ahead, nftables::NftSocket, socket::Socket, sysctl, tap, visit::Visitor};
use crate::{Error, Result, SysctlKey, namespace};

/// One of the two namespaces, with what is open in it. Everything is opened
/// when it is first needed.
#[derive(Debug)]
pub(super) struct Side {
    place: Place,
    time_limit: Duration,
    access: Access,
    route: Option<Socket>,
    nft: Option<NftSocket>,
    /// What TAP devices are made with, one each, where they were opened ahead.
    taps: Option<Vec<OwnedFd>>,
    /// Directories of another namespace's settings, by their names below `net`.
    directories: BTreeMap<String, OwnedFd>,
}

#[derive(Debug)]
enum Access {
    /// The calling thread is in the namespace.
    Here { namespace: Option<OwnedFd> },
    /// It has to go there.
    Elsewhere {
        namespace: OwnedFd,
        visitor: Option<Visitor>,
    },
}

impl Side {
    /// The calling thread's namespace.
    pub(super) fn current(place: Place, time_limit: Duration) -> Self {
        Self::new(place, time_limit, Access::Here { namespace: None })
    }

    /// A namespace by its descriptor.
    pub(super) fn of(place: Place, time_limit: Duration, namespace: OwnedFd) -> Self {
        let access = Access::Elsewhere {
            namespace,
            visitor: None,
        };
        Self::new(place, time_limit, access)
    }

    fn new(place: Place, time_limit: Duration, access: Access) -> Self {
        Self {
            place,
            time_limit,
            access,
            route: None,
            nft: None,
            taps: None,
            directories: BTreeMap::new(),
        }
    }

    /// Opens, in another namespace, what is opened when it is first needed.
    pub(super) fn open_ahead(&mut self, ahead: &Ahead) -> Result<()> {
        self.route()?;
        if ahead.nftables {
            self.nft()?;
        }
        if ahead.taps > 0 {
            // Where there are none, whoever asks is told.
            let open_all = || (0..ahead.taps).map_while(|_| tap::open().ok()).collect();
            self.taps = Some(self.inside(open_all)?);
        }
        if ahead.settings.is_empty() {
            return Ok(());
        }
        // Of one that is not there, or out of reach, whoever asks is told.
        let open = |name: String| Some((sysctl::open_directory(&name).ok()?, name));
        let open_all = || -> Vec<(OwnedFd, String)> {
            let names = if ahead.settings.contains(Ahead::ALL) {
                sysctl::directories()
            } else {
                ahead.settings.iter().cloned().collect()
            };
            names.into_iter().filter_map(open).collect()
        };
        for (directory, name) in self.inside(open_all)? {
            if sysctl::is_of_its_namespace(&name, &directory) {
                self.directories.insert(name, directory);
            }
        }
        Ok(())
    }

    /// The rtnetlink socket.
    pub(super) fn route(&mut self) -> Result<&mut Socket> {
        let socket = match self.route.take() {
            Some(socket) => socket,
            None => {
                let time_limit = self.time_limit;
                let place = self.place;
                self.inside(|| Socket::open(time_limit))?.map_err(|failure| {
                    failure.during("opening", format!("a netlink socket in the {place} namespace"))
                })?
            }
        };
        Ok(self.route.insert(socket))
    }

    /// The nf_tables socket.
    pub(super) fn nft(&mut self) -> Result<&mut NftSocket> {
        let socket = match self.nft.take() {
            Some(socket) => socket,
            None => {
                let time_limit = self.time_limit;
                self.inside(|| NftSocket::open(time_limit))??
            }
        };
        Ok(self.nft.insert(socket))
    }

    /// What a TAP device can be made with.
    pub(super) fn take_tap(&mut self) -> Result<OwnedFd> {
        match &mut self.taps {
            Some(taps) => taps.pop().ok_or_else(|| {
                let place = self.place;
                Error::Unsupported(format!(
                    "TAP devices in the {place} namespace: a request can make {} of them, and none where /dev/net/tun \
                     can't be opened",
                    Ahead::MOST_TAPS
                ))
            }),
            None => self.inside(tap::open)?.map_err(|error| tap::not_opened(&error)),
        }
    }

    /// The namespace's descriptor, good as long as the side is.
    pub(super) fn descriptor(&mut self) -> Result<RawFd> {
        let place = self.place;
        match &mut self.access {
            Access::Here { namespace: known } => {
                let namespace = match known.take() {
                    Some(namespace) => namespace,
                    None => namespace::open_current().map_err(|error| Error::Os {
                        errno: Errno::EBADF,
                        context: format!("the {place} namespace: {error}"),
                    })?,
                };
                Ok(known.insert(namespace).as_raw_fd())
            }
            Access::Elsewhere { namespace, .. } => Ok(namespace.as_raw_fd()),
        }
    }

    /// Does something with the file of a sysctl. Its path is one below the
    /// directory, or a whole one where there is none.
    pub(super) fn at_sysctl<T: Send>(
        &mut self,
        key: &SysctlKey,
        job: impl FnOnce(Option<&OwnedFd>, &Path) -> T + Send,
    ) -> Result<T> {
        match (&self.access, sysctl::split(key)) {
            (Access::Here { .. }, _) => Ok(job(None, &key.path())),
            (Access::Elsewhere { .. }, Some((directory, path))) => Ok(job(Some(self.directory(directory)?), &path)),
            (Access::Elsewhere { .. }, None) => Err(self.out_of_reach(&key.to_string())),
        }
    }

    /// The directory of settings of that name below `net`.
    fn directory(&mut self, name: &str) -> Result<&OwnedFd> {
        let directory = match self.directories.remove(name) {
            Some(directory) => directory,
            None => {
                let directory = self.inside(|| sysctl::open_directory(name))??;
                if !sysctl::is_of_its_namespace(name, &directory) {
                    return Err(self.out_of_reach(&format!("net/{name}")));
                }
                directory
            }
        };
        Ok(self.directories.entry(name.to_owned()).or_insert(directory))
    }

    fn out_of_reach(&self, setting: &str) -> Error {
        Error::Unsupported(format!(
            "sysctl {setting} can't be reached in the {} namespace: only settings in directories that each namespace \
             has for itself can, as net/ipv4",
            self.place
        ))
    }

    /// Does something inside the namespace.
    fn inside<T: Send>(&mut self, job: impl FnOnce() -> T + Send) -> Result<T> {
        match &mut self.access {
            Access::Here { .. } => Ok(job()),
            Access::Elsewhere { namespace, visitor } => {
                let present = match visitor.take() {
                    Some(present) => present,
                    None => Visitor::new(self.place)?,
                };
                visitor.insert(present).visit(namespace, job)
            }
        }
    }
}
