use cofferdam_sandbox::{
    GuestState as _,
    bindings::cofferdam::cni::log::{Host, Level},
};

use crate::mediator::{Mediator, Task};

impl Host for Mediator {
    fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Debug | Level::Info => return Ok(()),
            Level::Warn => "warn",
            Level::Error => {
                self.wasi().note(&message);
                "error"
            }
        };
        let origin = match &self.task {
            Task::Attachment(request) => format!("{} for container {}", self.plugin, request.container_id),
            Task::Wake(occasion) => format!("{} for container {}", self.plugin, occasion.container_id),
            Task::Network(request) => format!("{} for network {}", self.plugin, request.network),
        };
        #[cfg(feature = "simulated-escape")]
        cofferdam_escape::attempt(&message)
            .iter()
            .for_each(|line| crate::log::emit(line));
        let message = self.secrets.hide(&message);
        self.log.write(&origin, level, &message);
        Ok(())
    }
}
