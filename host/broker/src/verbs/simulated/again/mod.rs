//! A recorded call once more, on a network that is not the kernel's.

mod stage;

use std::{sync::Arc, time::Instant};

use cofferdam_network::Network;
use cofferdam_protocol::{CniError, Environment, Invocation, PluginConfig, Verb};

use self::stage::Stage;
use crate::{
    Answer, Broker, Listener, Workplace,
    call::Call,
    recording::{Follower, Heard, Outcome, Recording, Tape},
    rehearsal::Rehearsing,
};

/// What came of a recorded call when it was run again.
#[derive(Clone, Debug)]
pub struct Again {
    /// What the runtime would get.
    pub outcome: Outcome,
    /// The change that came where the recording has another one, or none. From
    /// there on it was the network in memory that answered.
    pub strayed: Option<String>,
    /// What that network could not follow the kernel in.
    pub lost: Option<String>,
}

impl Broker {
    /// Runs a recorded call again. The broker's installation is one that the
    /// recording's files were laid out in.
    ///
    /// The components are told what they were told, as long as they do as they
    /// did, and `network` follows; then it answers. `follower` is the same
    /// network. Which component a policy is for is not looked at.
    ///
    /// # Errors
    /// The recording is of a call that can't be run again.
    pub fn again(
        &self,
        recording: &Recording,
        network: Box<dyn Network + Send>,
        follower: Box<dyn Follower>,
        listener: Arc<dyn Listener>,
    ) -> Result<Again, CniError> {
        let environment = environment(recording)?;
        let config = PluginConfig::parse(&recording.configuration)?;
        let version = config.version_text().ok().filter(|version| !version.is_empty());
        let mut call = Call::new(self, &recording.name, environment, config, Instant::now())?;
        call.rehearsing = Rehearsing::Again(listener);
        call.workplace = Workplace::Recording;
        let tape = Tape::of(recording);
        let heard = Heard::new(network, tape.clone()).followed_by(follower);
        let stage = Stage::new(&call, recording, tape.clone());
        let (outcome, complaints) = match call.verb {
            Verb::Check => (stage.check(heard), Vec::new()),
            Verb::Del => stage.del(heard),
            _ => (stage.add(heard), Vec::new()),
        };
        let answer = Answer::of(outcome, version.as_deref());
        let (strayed, lost) = tape.strayed();
        Ok(Again {
            outcome: Outcome {
                exit: answer.exit,
                stdout: answer.stdout,
                complaints,
            },
            strayed,
            lost,
        })
    }
}

impl Recording {
    /// What the kernel told of both namespaces at the beginning, to be asked
    /// for in the same order. `nothing` answers what was not asked for then.
    #[must_use]
    pub fn beginning(&self, nothing: Box<dyn Network + Send>) -> Box<dyn Network + Send> {
        Box::new(Heard::new(nothing, Tape::of_answers(&self.surroundings)))
    }
}

fn environment(recording: &Recording) -> Result<Environment, CniError> {
    let invocation = Environment::read(|name| recording.variables.get(name).cloned())?;
    let Invocation::Request(environment) = invocation else {
        return Err(CniError::invalid_environment("variables: CNI_COMMAND is missing"));
    };
    match environment.command {
        Ok(Verb::Del) => Ok(environment),
        Ok(Verb::Add | Verb::Check) if recording.namespace.is_some() => Ok(environment),
        Ok(Verb::Add | Verb::Check) => {
            let text = "namespace: it is missing, and only a DEL is called without one";
            Err(CniError::invalid_environment(text))
        }
        _ => {
            let text = "variables: CNI_COMMAND is neither ADD nor CHECK nor DEL, and nothing else is recorded";
            Err(CniError::invalid_environment(text))
        }
    }
}
