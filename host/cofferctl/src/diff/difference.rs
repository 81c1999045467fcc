use cofferdam_policy::NewNeed;
use cofferdam_schema::{Change, Schema};

use crate::subject::Subject;

/// What a newer version of a component has otherwise.
pub(super) struct Difference {
    /// Interfaces, without their version where that alone is another.
    pub(super) new_imports: Vec<String>,
    pub(super) lost_imports: Vec<String>,
    /// The older one declared what it needs, and the newer one does not.
    pub(super) is_undeclared: bool,
    pub(super) new_needs: Vec<NewNeed>,
    pub(super) fields: Vec<Change>,
    /// The older one had a schema of its configuration.
    pub(super) is_schema_lost: bool,
    /// Signers of the newer one alone, and of the older one alone.
    pub(super) new_signers: Vec<String>,
    pub(super) lost_signers: Vec<String>,
}

impl Difference {
    pub(super) fn between(old: &Subject, new: &Subject) -> Self {
        let imports = |subject: &Subject| -> Vec<String> {
            let all = subject.description.imports.iter();
            all.map(|import| interface(import).to_owned()).collect()
        };
        let signers = |subject: &Subject| -> Vec<String> {
            let valid = subject.signers.iter().filter(|signer| signer.is_valid());
            valid.map(|signer| signer.long()).collect()
        };
        let (old_needs, new_needs) = (&old.declaration.needs, &new.declaration.needs);
        let (old_schema, new_schema) = (&old.declaration.schema, &new.declaration.schema);
        Self {
            new_imports: only(&imports(new), &imports(old)),
            lost_imports: only(&imports(old), &imports(new)),
            is_undeclared: old_needs.is_declared() && !new_needs.is_declared(),
            new_needs: new_needs.beyond(old_needs),
            fields: changes(old_schema.as_ref(), new_schema.as_ref()),
            is_schema_lost: old_schema.is_some() && new_schema.is_none(),
            new_signers: only(&signers(new), &signers(old)),
            lost_signers: only(&signers(old), &signers(new)),
        }
    }

    /// Whether the newer one is able to ask for more, declares to need more,
    /// or refuses configurations that the older one takes.
    pub(super) fn asks_for_more(&self) -> bool {
        let is_demand = |change: &Change| change.changed.is_demand();
        self.is_undeclared
            || !self.new_imports.is_empty()
            || !self.new_needs.is_empty()
            || self.fields.iter().any(is_demand)
    }
}

/// What a component without a schema takes is not known, so nothing is new
/// where it gets one.
fn changes(old: Option<&Schema>, new: Option<&Schema>) -> Vec<Change> {
    match (old, new) {
        (Some(old), Some(new)) => old.changes(new),
        _ => Vec::new(),
    }
}

/// An import without its version: an interface grows with it, and nothing of
/// what it had changes.
fn interface(import: &str) -> &str {
    import.split('@').next().unwrap_or(import)
}

fn only(some: &[String], others: &[String]) -> Vec<String> {
    some.iter().filter(|one| !others.contains(one)).cloned().collect()
}
