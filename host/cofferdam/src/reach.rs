use cofferdam_broker::{Broker, Reach, Use};
use cofferdam_confinement::{Access, Capabilities, Confinement, ConfinementError, Report};

use crate::environment::Environment;

/// Has a broker give up what is beyond the reach of its request.
#[cfg(not(feature = "simulated-escape"))]
pub(crate) fn confine(broker: Broker, _: &Environment) -> Broker {
    broker.confined_by(|reach| confine_to(reach).map(drop))
}

/// The same; a test has to know what the kernel can do, to see what happens
/// otherwise, and what becomes of a failure.
#[cfg(feature = "simulated-escape")]
pub(crate) fn confine(broker: Broker, environment: &Environment) -> Broker {
    use std::io::{self, Write as _};
    match environment.confinement.as_deref() {
        Some("none") => broker,
        Some("failing") => broker.confined_by(|_| Err(io::Error::other("a test wants it so"))),
        _ => broker.confined_by(|reach| {
            let report = confine_to(reach)?;
            let _ = writeln!(io::stderr(), "confined: {report}");
            Ok::<_, ConfinementError>(())
        }),
    }
}

fn confine_to(reach: &Reach) -> Result<Report, ConfinementError> {
    // A quarter of the time, and the outermost of four locks on the same door.
    let mut confinement = Confinement::new().keep_bounding_set();
    if reach.network {
        confinement = confinement.keep_capability(Capabilities::NET_ADMIN);
    }
    if reach.courier {
        confinement = confinement.allow_waiting();
    }
    if reach.taps {
        confinement = confinement.allow_taps();
    }
    for (path, how) in &reach.directories {
        let access = match how {
            Use::Read => Access::Read,
            Use::Write => Access::Write,
            Use::WriteAndLink => Access::WriteAndLink,
        };
        confinement = confinement.directory(path, access);
    }
    for path in &reach.files {
        confinement = confinement.file(path);
    }
    confinement.enforce()
}
