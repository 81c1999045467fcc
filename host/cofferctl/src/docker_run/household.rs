use std::path::PathBuf;

use cofferdam_broker::Installation;

use super::engine::Engine;
use crate::run::random_id;

/// The containers of one call, known by labels of its own, so that nobody
/// else's container is touched, whatever it is called.
#[derive(Clone, Debug)]
pub(super) struct Household {
    pub(super) engine: Engine,
    token: String,
    /// The file that the container sees as the resolver's.
    pub(super) resolver_file: PathBuf,
}

/// What a container is there for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// Holds the network namespace.
    Pause,
    /// The user's own.
    Guest,
}

impl Household {
    pub(super) fn new(engine: Engine, installation: &Installation) -> Self {
        let token = random_id();
        let resolver_file = installation
            .root()
            .join("run")
            .join(format!("cofferctl-{token}.resolv.conf"));
        Self {
            engine,
            token,
            resolver_file,
        }
    }

    pub(super) fn label(&self, role: Role) -> String {
        let role = match role {
            Role::Pause => "pause",
            Role::Guest => "guest",
        };
        format!("cofferdam.{role}={}", self.token)
    }

    /// The ids of its containers of a role, those that ended included where
    /// they are wanted.
    pub(super) fn containers(&self, role: Role, ended: bool) -> anyhow::Result<Vec<String>> {
        let filter = format!("label={}", self.label(role));
        let mut arguments = vec!["ps", "--quiet", "--no-trunc", "--filter", &filter];
        if ended {
            arguments.push("--all");
        }
        let ids = self.engine.ask::<&str>(&arguments, &[])?;
        Ok(ids.lines().map(str::to_owned).collect())
    }

    /// Ends those that run at once.
    pub(super) fn kill(&self, role: Role) -> anyhow::Result<()> {
        let ids = self.containers(role, false)?;
        if !ids.is_empty() {
            self.engine.ask(&["kill", "--signal", "KILL"], &ids)?;
        }
        Ok(())
    }

    /// Removes them with the volumes that have no name.
    pub(super) fn remove(&self, role: Role) -> anyhow::Result<()> {
        // Removal alone would wait for who does not listen to SIGTERM. One that
        // ends meanwhile can't be killed, and need not be.
        let killed = self.kill(role);
        let ids = self.containers(role, true)?;
        if ids.is_empty() {
            return Ok(());
        }
        match self.engine.ask(&["rm", "--force", "--volumes"], &ids) {
            Ok(_) => Ok(()),
            // The engine may have removed it meanwhile by itself (--rm).
            Err(_) if self.containers(role, true).is_ok_and(|ids| ids.is_empty()) => Ok(()),
            Err(error) => killed.and(Err(error)),
        }
    }

    /// Removes the user's containers.
    pub(super) fn remove_guests(&self) -> anyhow::Result<()> {
        self.remove(Role::Guest)
    }

    /// Removes the one that holds the namespace.
    pub(super) fn remove_pause(&self) -> anyhow::Result<()> {
        self.remove(Role::Pause)
    }
}
