/// The keywords that are understood, in JSON Schema's meaning but for what the
/// crate's beginning says. `format` is one of `ip`, `cidr`, `mac`.
pub const KEYWORDS: [&str; 20] = [
    "$schema",
    "$comment",
    "title",
    "description",
    "default",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "format",
    "examples",
];
