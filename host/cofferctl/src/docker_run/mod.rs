//! A container of docker or podman that has joined networks, and nothing of it
//! left afterwards.

mod engine;
mod guests;
mod household;
mod pause;
mod resolver_file;
mod warden;

use std::{ffi::OsString, process::ExitCode};

use clap::Args;
use cofferdam_broker::Installation;

use self::{
    engine::{Engine, EngineName},
    household::Household,
    warden::Warden,
};
use crate::{
    output::complain,
    run::{Attachments, Chosen, container, container_id, heir::Heir, privilege, told, undo},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    /// The container's id for plugins, and the name of the one that holds the
    /// network namespace; otherwise a random one.
    #[arg(long, visible_alias = "id", value_parser = container_id)]
    name: Option<String>,
    /// What runs containers; otherwise docker where its daemon answers, or else
    /// podman.
    #[arg(long, value_enum)]
    engine: Option<EngineName>,
    /// The image of the container that holds the network namespace: one that
    /// does nothing by itself, such as registry.k8s.io/pause:3.9. Otherwise
    /// docker.io/library/busybox:latest, sleeping.
    #[arg(long, value_name = "IMAGE")]
    pause_image: Option<String>,
    /// Prints the networks' results to standard error.
    #[arg(long)]
    verbose: bool,
    /// What `docker run` or `podman run` takes: options, the image, a command.
    /// They begin with the first word that is none of these options.
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "DOCKER-RUN-ARGS"
    )]
    container: Vec<OsString>,
}

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let networks = arguments.chosen.networks()?;
    privilege::demand("docker-run joins network namespaces that a container engine makes")?;
    let attachments = arguments
        .chosen
        .attachments(installation, networks)?
        .with_id(arguments.name.clone());
    attachments.refuse_taken_id()?;
    let household = Household::new(Engine::choose(arguments.engine)?, installation);
    // While there is one thread.
    let signals = container::hold_signals()?;
    let mut heir = Heir::appoint(|namespace| {
        let attached = namespace.map(|namespace| attachments.clone().in_namespace(namespace));
        break_up(installation, &household, attached.as_ref());
    })?;
    let stay = Stay {
        installation,
        arguments,
        household: &household,
        warden: Warden::watch(signals, household.clone())?,
    };
    let outcome = stay.whole(&mut heir, attachments);
    heir.discharge();
    Ok(ExitCode::from(outcome))
}

/// What there is while the container runs.
struct Stay<'s> {
    installation: &'s Installation,
    arguments: &'s Arguments,
    household: &'s Household,
    warden: Warden,
}

impl Stay<'_> {
    /// From the pause container's start to its end, whatever comes between.
    fn whole(&self, heir: &mut Heir, attachments: Attachments) -> u8 {
        let mut attached = None;
        let outcome = told(self.begin(heir, attachments, &mut attached));
        self.warden.finish();
        break_up(self.installation, self.household, attached.as_ref());
        outcome
    }

    fn begin(
        &self,
        heir: &mut Heir,
        attachments: Attachments,
        attached: &mut Option<Attachments>,
    ) -> anyhow::Result<u8> {
        let image = self.arguments.pause_image.as_deref();
        let namespace = self.household.start_pause(&self.warden, attachments.id(), image)?;
        heir.bequeath(&namespace)?;
        let attachments: &Attachments = attached.insert(attachments.in_namespace(&namespace));
        let results = attachments.add_all(self.arguments.verbose)?;
        let resolver_file = self.arguments.chosen.resolver_file(&results);
        self.household.write_resolver_file(&resolver_file)?;
        self.household
            .run_guest(&self.warden, attachments.id(), &self.arguments.container)
    }
}

/// Ends what runs, detaches, and removes what is left.
fn break_up(installation: &Installation, household: &Household, attached: Option<&Attachments>) {
    let complain_of = |outcome: anyhow::Result<()>| {
        if let Err(error) = outcome {
            complain(&format!("{error:#}"));
        }
    };
    complain_of(household.remove_guests());
    if let Some(attachments) = attached {
        undo(installation, attachments);
    }
    complain_of(household.remove_pause());
    complain_of(household.remove_resolver_file());
}
