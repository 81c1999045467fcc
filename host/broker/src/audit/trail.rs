use std::io;

use cofferdam_journal::AttachmentId;
use cofferdam_policy::{Audit, Denial, Question};

use super::{
    AuditLog,
    record::{Event, Record, Subject, bounded},
};
use crate::{log, mode::Mode, session::Session};

/// Records of one kind that one component's call may add, so that it can't
/// fill the disk. The rest is counted.
const MOST_DENIALS: u32 = 100;
/// As many as it may make host calls for, had it a grant for each.
const MOST_ALLOWED: u32 = 2_000;

/// What one component does in one call, for the audit log.
#[derive(Debug)]
pub(crate) struct Trail {
    log: AuditLog,
    subject: Subject,
    audit: Audit,
    denials: u32,
    allowed: u32,
    /// Of what was denied and the component is not to notice, not even by the
    /// time that it takes to write it down.
    silent: Vec<Event>,
}

impl Trail {
    /// A trail for a plugin whose component is not known yet.
    pub(crate) fn new(session: &Session, plugin: &str) -> Self {
        let mut trail = Self::of_host(session.audit_log.clone(), session.mode, &session.attachment);
        trail.subject.plugin = bounded(plugin);
        trail.subject.tenant = session.tenant.clone().map(bounded);
        trail
    }

    /// A trail of what the host itself does about an attachment.
    pub(crate) fn of_host(log: AuditLog, mode: Mode, attachment: &AttachmentId) -> Self {
        let subject = Subject {
            verb: mode.verb(),
            plugin: bounded(attachment.unit.clone()),
            component: None,
            network: attachment.network.clone(),
            container: attachment.container_id.clone(),
            interface: attachment.interface_name.clone(),
            tenant: None,
        };
        Self {
            log,
            subject,
            audit: Audit::default(),
            denials: 0,
            allowed: 0,
            silent: Vec::new(),
        }
    }

    /// Which component it is, and what its policy wants on record.
    pub(crate) fn identify(&mut self, digest: &str, audit: Audit) {
        self.subject.component = Some(format!("sha256:{digest}"));
        self.audit = audit;
    }

    /// The component is not run.
    pub(crate) fn refused(&mut self, reason: &str) {
        self.note(Event::Refused {
            reason: bounded(reason),
        });
    }

    /// The component was ended.
    pub(crate) fn ended(&mut self, reason: &str) {
        self.note(Event::Ended {
            reason: bounded(reason),
        });
    }

    /// What an earlier boot left was taken away.
    pub(crate) fn reclaimed(&mut self, target: impl Into<String>) {
        self.note(Event::Reclaimed {
            target: bounded(target),
        });
    }

    /// Something was denied, whether or not that can be recorded.
    pub(crate) fn denied(&mut self, denial: &Denial) {
        self.denials = self.denials.saturating_add(1);
        if self.denials <= MOST_DENIALS {
            self.note(event(denial));
        }
    }

    /// Something was hidden as if it were not there. It is recorded when the
    /// component's call is over.
    pub(crate) fn denied_silently(&mut self, denial: &Denial) {
        self.denials = self.denials.saturating_add(1);
        if self.denials <= MOST_DENIALS {
            self.silent.push(event(denial));
        }
    }

    /// Something is allowed, and is to be done if this is recorded.
    ///
    /// # Errors
    /// The policy wants it on record, and it can't be.
    pub(crate) fn allowed(&mut self, question: &Question<'_>) -> io::Result<()> {
        if self.audit != Audit::All {
            return Ok(());
        }
        self.allowed = self.allowed.saturating_add(1);
        if self.allowed > MOST_ALLOWED {
            return Ok(());
        }
        self.write(Event::Allowed {
            operation: question.operation().to_string(),
            target: bounded(question.target()),
            arguments: bounded(question.as_grant()),
        })
    }

    /// The component's call is over.
    pub(crate) fn finish(mut self) {
        for event in std::mem::take(&mut self.silent) {
            self.note(event);
        }
        for (of, count, most) in [
            ("denied", self.denials, MOST_DENIALS),
            ("allowed", self.allowed, MOST_ALLOWED),
        ] {
            if count > most {
                self.note(Event::Suppressed {
                    of,
                    count: count - most,
                });
            }
        }
    }

    /// Records what has happened anyhow.
    fn note(&mut self, event: Event) {
        if let Err(error) = self.write(event) {
            log::emit(&format!("cofferdam: error: {error}"));
        }
    }

    fn write(&mut self, event: Event) -> io::Result<()> {
        let line = Record::new(&self.subject, event).line();
        self.log.append(&line).map_err(|error| {
            let text = format!("the audit log {} can't be written: {error}", self.log.path().display());
            io::Error::new(error.kind(), text)
        })
    }
}

fn event(denial: &Denial) -> Event {
    Event::Denied {
        operation: denial.operation.clone(),
        target: bounded(denial.target.clone()),
        missing: bounded(denial.missing.clone()),
    }
}
