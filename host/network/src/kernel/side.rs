use std::{
    os::fd::{AsRawFd, OwnedFd, RawFd},
    sync::Arc,
    time::Duration,
};

use cofferdam_protocol::Place;
use nix::errno::Errno;

use super::{nftables::NftSocket, socket::Socket, worker::Worker};
use crate::{Error, Result, namespace};

/// One of the two namespaces, with what is open in it. Everything is opened
/// when it is first needed.
#[derive(Debug)]
pub(super) struct Side {
    place: Place,
    time_limit: Duration,
    access: Access,
    route: Option<Socket>,
    nft: Option<NftSocket>,
}

#[derive(Debug)]
enum Access {
    /// The calling thread is in the namespace.
    Direct { namespace: Option<Arc<OwnedFd>> },
    /// Another thread has to join it.
    Through {
        namespace: Arc<OwnedFd>,
        worker: Option<Worker>,
    },
}

impl Side {
    /// The calling thread's namespace.
    pub(super) fn current(place: Place, time_limit: Duration) -> Self {
        Self::new(place, time_limit, Access::Direct { namespace: None })
    }

    /// A namespace by its descriptor.
    pub(super) fn of(place: Place, time_limit: Duration, namespace: OwnedFd) -> Self {
        let access = Access::Through {
            namespace: Arc::new(namespace),
            worker: None,
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
        }
    }

    /// The rtnetlink socket.
    pub(super) fn route(&mut self) -> Result<&mut Socket> {
        let socket = match self.route.take() {
            Some(socket) => socket,
            None => {
                let time_limit = self.time_limit;
                let place = self.place;
                self.run(move || Socket::open(time_limit))?.map_err(|failure| {
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
                self.run(move || NftSocket::open(time_limit))??
            }
        };
        Ok(self.nft.insert(socket))
    }

    /// The namespace's descriptor, good as long as the side is.
    pub(super) fn descriptor(&mut self) -> Result<RawFd> {
        let place = self.place;
        match &mut self.access {
            Access::Direct { namespace: known } => {
                let namespace = match known.take() {
                    Some(namespace) => namespace,
                    None => Arc::new(namespace::open_current().map_err(|error| Error::Os {
                        errno: Errno::EBADF,
                        context: format!("the {place} namespace: {error}"),
                    })?),
                };
                Ok(known.insert(namespace).as_raw_fd())
            }
            Access::Through { namespace, .. } => Ok(namespace.as_raw_fd()),
        }
    }

    /// Runs something on a thread that is in the namespace.
    pub(super) fn run<T, F>(&mut self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        match &mut self.access {
            Access::Direct { .. } => Ok(job()),
            Access::Through { namespace, worker } => {
                let present = match worker.take() {
                    Some(present) => present,
                    None => Worker::start(self.place, Arc::clone(namespace), self.time_limit)?,
                };
                worker.insert(present).run(job)
            }
        }
    }
}
