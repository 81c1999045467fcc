//! Schemas of configurations: whatever they are, they are read or refused, and
//! what is kept of one decides as it did.

use cofferdam_protocol::json::Node;
use cofferdam_schema::{Schema, SchemaError, Violation};

/// Between the schemas and the configuration.
const NEXT: &str = "\n??\n";
/// Violations that a check may tell.
const MOST: usize = 20;

/// One input: an older schema, a newer one, and a configuration, separated by
/// lines `??`. What is left out is empty.
pub fn schema(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut parts = text.split(NEXT);
    let mut next = || parts.next().unwrap_or_default();
    let (older, newer, configuration) = (read(next()), read(next()), Node::parse(next()));
    if let (Some(older), Some(newer)) = (&older, &newer) {
        let (forth, back) = (older.changes(newer), newer.changes(older));
        assert!(forth.len() <= 20_000 && back.len() <= 20_000);
    }
    let Ok(configuration) = configuration else { return };
    for schema in [older, newer].into_iter().flatten() {
        check(&schema, &configuration);
    }
}

/// A schema that is read is kept in a form that is read, too.
fn read(text: &str) -> Option<Schema> {
    let schema = match Schema::parse(text) {
        Ok(schema) => schema,
        Err(SchemaError { problem, .. }) => {
            assert!(!problem.is_empty());
            return None;
        }
    };
    assert!(schema.changes(&schema).is_empty());
    let _ = schema.fields();
    let compact = schema.to_compact_text();
    // Numbers may be written in fewer bytes than they are kept in.
    if compact.len() <= Schema::LIMIT {
        let again = Schema::parse(&compact).expect("what is kept is read");
        assert_eq!(again.to_compact_text(), compact);
        assert!(schema.changes(&again).is_empty());
    }
    Some(schema)
}

fn check(schema: &Schema, configuration: &Node) {
    let violations = schema.check(configuration);
    assert!(violations.len() <= MOST);
    for Violation { problem, way_out, .. } in &violations {
        assert!(!problem.is_empty() && !way_out.is_empty());
    }
    let _ = schema.unknown_keys(configuration);
    let compact = schema.to_compact_text();
    if compact.len() <= Schema::LIMIT {
        let again = Schema::parse(&compact).expect("what is kept is read");
        assert_eq!(again.check(configuration), violations);
    }
}
