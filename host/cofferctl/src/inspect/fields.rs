use cofferdam_schema::{Field, Schema};

use crate::output::{cut, say, say_table};

/// Characters of what is said of a field.
const LONGEST: usize = 500;

/// The fields of a configuration as a table.
pub(super) fn tell(schema: &Schema) {
    let fields = schema.fields();
    if fields.is_empty() {
        say("fields of its configuration: none of its own");
        return;
    }
    say("fields of its configuration");
    let rows: Vec<[String; 3]> = fields.iter().map(row).collect();
    say_table(&rows);
}

fn row(field: &Field) -> [String; 3] {
    [
        format!("  {}", field.path),
        field.kind.clone(),
        cut(&words(field), LONGEST),
    ]
}

/// What it means, what it has to be like, and what it is without being there.
fn words(field: &Field) -> String {
    let mut words: Vec<String> = field.description.clone().into_iter().collect();
    if !field.bounds.is_empty() {
        words.push(format!("[{}]", field.bounds));
    }
    if field.is_required {
        words.push("[has to be there]".to_owned());
    }
    words.extend(field.default.as_ref().map(|default| format!("[without: {default}]")));
    words.join(" ")
}
