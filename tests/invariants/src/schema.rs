//! Schemas of configurations: whatever they are, they are read or refused, and
//! a check of a configuration ends.

use cofferdam_protocol::json::Node;
use cofferdam_schema::{Schema, SchemaError, Violation};

/// Between the schemas and the configuration.
const NEXT: &str = "\n??\n";
/// Violations that a check may tell.
const MOST: usize = 20;

/// One input: an older schema, a newer one, and a configuration, separated by
/// lines `??`. What is left out is empty.
pub fn schema(data: &[u8]) {
    let nothing = Node::Object(vec![("a".to_owned(), Node::Bool(true))]);
    let _ = cofferdam_schema::check(data, &nothing);
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
    Some(schema)
}

fn check(schema: &Schema, configuration: &Node) {
    let violations = cofferdam_schema::check(schema.compiled(), configuration).expect("what is compiled is read");
    assert!(violations.len() <= MOST);
    for Violation { problem, way_out, .. } in &violations {
        assert!(!problem.is_empty() && !way_out.is_empty());
    }
    let _ = schema.unknown_keys(configuration);
}
