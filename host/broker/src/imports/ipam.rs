use cofferdam_policy::Question;
use cofferdam_protocol::{Argument, CniError};
use cofferdam_sandbox::bindings::cofferdam::cni::{
    ipam::Host,
    types::{Attachment, Failure},
};

use crate::{
    component::{Answer, run},
    convert::{attachment, wit_failure},
    mediator::{Mediator, Task},
    session::Session,
    verify::{Given, check_allocation},
};

/// Plugins that may call one another below the first.
const MAX_DEPTH: u8 = 1;

impl Host for Mediator {
    fn add(&mut self) -> wasmtime::Result<Result<Attachment, Failure>> {
        let answer = self.delegate()?;
        Ok(answer.map(|answer| match answer {
            Answer::Attachment(attachment) => attachment,
            Answer::Nothing => empty(),
        }))
    }

    fn del(&mut self) -> wasmtime::Result<Result<(), Failure>> {
        Ok(self.delegate()?.map(drop))
    }

    fn check(&mut self) -> wasmtime::Result<Result<(), Failure>> {
        Ok(self.delegate()?.map(drop))
    }

    fn gc(&mut self) -> wasmtime::Result<Result<(), Failure>> {
        Ok(self.delegate()?.map(drop))
    }

    fn status(&mut self) -> wasmtime::Result<Result<(), Failure>> {
        Ok(self.delegate()?.map(drop))
    }
}

impl Mediator {
    /// Runs the address management plugin on the verb of this request.
    fn delegate(&mut self) -> wasmtime::Result<Result<Answer, Failure>> {
        let refused = self.refuse_delegate();
        let plugin = match refused {
            Ok(plugin) => plugin,
            Err(Refusal::Failure(failure)) => return Ok(Err(failure)),
            Err(Refusal::Trap(trap)) => return Err(trap),
        };
        crate::timing::phase("call");
        let mut session = self.lend();
        // The lock of the caller's records would keep the delegate waiting.
        session.close_records();
        session.depth += 1;
        let (mut session, answer) = run(session, &plugin, self.config.clone(), self.task.clone());
        session.depth -= 1;
        let answer = answer.and_then(|answer| self.checked(answer, &plugin, &session));
        self.give_back(session);
        Ok(answer.map_err(wit_failure))
    }

    /// An answer that is true, as far as that can be told before its addresses
    /// are on a link.
    fn checked(&self, answer: Answer, plugin: &str, session: &Session) -> Result<Answer, CniError> {
        let (Answer::Attachment(given), Task::Attachment(request)) = (&answer, &self.task) else {
            return Ok(answer);
        };
        let arguments = request.args.iter().map(|argument| Argument {
            key: argument.key.clone(),
            value: argument.value.clone(),
        });
        let said = Given::new(&self.config, arguments.collect(), &session.deeds.read)
            .and_received(&session.deeds.received)
            .and_answered(&session.deeds.answered);
        attachment(given.clone(), None)
            .and_then(|result| check_allocation(&result, &session.claimed, &said))
            .map_err(|error| {
                let message = format!("address management plugin {plugin:?}: {}", error.message);
                CniError { message, ..error }
            })?;
        Ok(answer)
    }

    fn refuse_delegate(&mut self) -> Result<String, Refusal> {
        self.enter()?;
        let plugin = self
            .config
            .ipam_type()
            .map_err(|error| Refusal::Failure(wit_failure(error)))?;
        let Some(plugin) = plugin else {
            let message = "the configuration names no address management plugin (ipam.type)";
            return Err(Refusal::Failure(wit_failure(CniError::invalid_config(message))));
        };
        if self.session().depth >= MAX_DEPTH {
            let message = format!("plugin {plugin:?} can't be called by an address management plugin");
            return Err(Refusal::Failure(wit_failure(CniError::invalid_config(message))));
        }
        self.permit(&Question::IpamDelegate { plugin: &plugin })?;
        Ok(plugin)
    }
}

/// Why there is no delegation.
enum Refusal {
    Failure(Failure),
    Trap(wasmtime::Error),
}

impl From<cofferdam_sandbox::CallError> for Refusal {
    fn from(error: cofferdam_sandbox::CallError) -> Self {
        match error {
            cofferdam_sandbox::CallError::Trap(trap) => Self::Trap(trap),
            cofferdam_sandbox::CallError::Guest(error) => Self::Failure(crate::convert::failure_of(&error)),
        }
    }
}

fn empty() -> Attachment {
    Attachment {
        interfaces: Vec::new(),
        addresses: Vec::new(),
        routes: Vec::new(),
        dns: cofferdam_sandbox::bindings::cofferdam::cni::types::Dns {
            nameservers: Vec::new(),
            domain: None,
            search: Vec::new(),
            options: Vec::new(),
        },
    }
}
