use std::{
    collections::BTreeMap,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    path::Path,
    time::Duration,
};

use cofferdam_protocol::Place;
use nix::errno::Errno;

use super::{nftables::NftSocket, socket::Socket, sysctl::Tree, visit::Visitor};
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
    /// Directories of another namespace's settings.
    trees: BTreeMap<Tree, OwnedFd>,
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
            trees: BTreeMap::new(),
        }
    }

    /// Opens all that is opened when it is first needed.
    pub(super) fn open_ahead(&mut self) -> Result<()> {
        self.route()?;
        self.nft()?;
        self.descriptor()?;
        if let Access::Elsewhere { .. } = self.access {
            for tree in Tree::ALL {
                match self.tree(tree) {
                    // A kernel without the family.
                    Err(Error::NotFound(_)) => {}
                    opened => drop(opened?),
                }
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
        match (&self.access, Tree::of(key)) {
            (Access::Elsewhere { .. }, Some(tree)) => {
                let path = tree.path_below(key);
                Ok(job(Some(self.tree(tree)?), &path))
            }
            _ => self.inside(|| job(None, &key.path())),
        }
    }

    fn tree(&mut self, tree: Tree) -> Result<&OwnedFd> {
        let directory = match self.trees.remove(&tree) {
            Some(directory) => directory,
            None => self.inside(|| tree.open())??,
        };
        Ok(self.trees.entry(tree).or_insert(directory))
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
