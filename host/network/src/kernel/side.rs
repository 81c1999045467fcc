use std::{
    collections::{BTreeMap, BTreeSet},
    os::fd::{AsRawFd, OwnedFd, RawFd},
    path::Path,
    time::Duration,
};

use cofferdam_protocol::Place;
use nix::errno::Errno;

use super::{nftables::NftSocket, packets, socket::Socket, sysctl, tap, visit::Visitor};
use crate::{Ahead, Error, Result, SysctlKey, namespace};

/// One of the two namespaces, with what is open in it. Everything is opened
/// when it is first needed.
#[derive(Debug)]
pub(super) struct Side {
    place: Place,
    time_limit: Duration,
    access: Access,
    route: Option<Socket>,
    nft: Option<NftSocket>,
    /// Packet sockets that nobody uses at the moment.
    packet: packets::Pool,
    /// What TAP devices are made with, one each, where they were opened ahead.
    taps: Option<Vec<OwnedFd>>,
    /// Directories of another namespace's settings, by their names below `net`.
    directories: BTreeMap<String, OwnedFd>,
    /// The names of all that there are, where all were opened ahead.
    all_directories: Option<BTreeSet<String>>,
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
            packet: packets::Pool::default(),
            taps: None,
            directories: BTreeMap::new(),
            all_directories: None,
        }
    }

    /// Opens, in another namespace, what is opened when it is first needed.
    pub(super) fn open_ahead(&mut self, ahead: &Ahead) -> Result<()> {
        self.route()?;
        if ahead.nftables {
            self.nft()?;
        }
        if ahead.packets.contains(&self.place) {
            self.open_packet_socket()?;
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
        let open = |name: &String| Some((sysctl::open_directory(name).ok()?, name.clone()));
        let all = ahead.settings.contains(Ahead::ALL);
        let open_all = || {
            let names: BTreeSet<String> = if all {
                sysctl::directories().into_iter().collect()
            } else {
                ahead.settings.iter().cloned().collect()
            };
            let opened: Vec<(OwnedFd, String)> = names.iter().filter_map(open).collect();
            (opened, names)
        };
        let (opened, names) = self.inside(open_all)?;
        self.all_directories = all.then_some(names);
        for (directory, name) in opened {
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

    /// Opens a packet socket for one exchange at a time: to close one the
    /// kernel takes milliseconds.
    pub(super) fn open_packet_socket(&mut self) -> Result<()> {
        let socket = self.new_packet_socket()?;
        self.packet.put(socket);
        Ok(())
    }

    /// A packet socket, and where it goes after use.
    pub(super) fn packet_socket(&mut self) -> Result<(OwnedFd, packets::Pool)> {
        let socket = match self.packet.take() {
            Some(socket) => socket,
            None => self.new_packet_socket()?,
        };
        Ok((socket, self.packet.clone()))
    }

    fn new_packet_socket(&mut self) -> Result<OwnedFd> {
        let place = self.place;
        self.inside(packets::open)?
            .map_err(|errno| Error::from_errno(errno, "opening", format!("a packet socket in the {place} namespace")))
    }

    /// What a TAP device can be made with, which is `object`.
    pub(super) fn take_tap(&mut self, object: &str) -> Result<OwnedFd> {
        match &mut self.taps {
            Some(taps) => taps.pop().ok_or_else(|| {
                Error::Unsupported(format!(
                    "making the TAP device {object}: a request can make {} of them, and none where /dev/net/tun can't \
                     be opened",
                    Ahead::MOST_TAPS
                ))
            }),
            None => self.inside(tap::open)?.map_err(|error| tap::not_opened(&error, object)),
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
            (Access::Elsewhere { .. }, Some((directory, _))) if self.is_missing(directory) => {
                Err(Error::NotFound(format!("setting {key}")))
            }
            (Access::Elsewhere { .. }, Some((directory, path))) => Ok(job(Some(self.directory(directory)?), &path)),
            (Access::Elsewhere { .. }, None) => Err(self.out_of_reach(&key.to_string())),
        }
    }

    /// Whether it is known that there is no such directory of settings.
    fn is_missing(&self, directory: &str) -> bool {
        self.all_directories
            .as_ref()
            .is_some_and(|all| !all.contains(directory))
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
