//! Reads all that TOML has.

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{Fault, Item, Member, Table, Value};

pub(super) fn read(text: &str) -> Result<Table<'_>, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(convert_table(table.into_inner()));
    }
    let fault = |error: toml::de::Error| Fault {
        span: error.span().unwrap_or(0..0),
        message: format!("{}{}", error.message(), way_out(text, error.message())),
    };
    Err(errors.into_iter().map(fault).collect())
}

/// Of a key that is there twice, since two grants were written as one table.
fn way_out(text: &str, message: &str) -> &'static str {
    let is_single = |line: &str| line.starts_with('[') && !line.starts_with("[[") && line.ends_with(".grant]");
    if message == "duplicate key" && text.lines().any(|line| is_single(line.trim())) {
        "; each grant begins with [[plugin.NAME.grant]], in two brackets"
    } else {
        ""
    }
}

fn convert_table(table: DeTable<'_>) -> Table<'_> {
    let mut members: Vec<Member<'_>> = table.into_iter().map(convert_member).collect();
    members.sort_by_key(|member| member.key_span.start);
    Table(members)
}

fn convert_member<'i>((key, item): (Spanned<DeString<'i>>, Spanned<DeValue<'i>>)) -> Member<'i> {
    Member {
        key_span: key.span(),
        key: key.into_inner(),
        item: convert_item(item),
    }
}

fn convert_item(item: Spanned<DeValue<'_>>) -> Item<'_> {
    let span = item.span();
    let value = item.into_inner();
    let type_name = value.type_str();
    let value = match value {
        DeValue::String(text) => Value::Text(text),
        DeValue::Integer(integer) => Value::Integer(i64::from_str_radix(integer.as_str(), integer.radix()).ok()),
        DeValue::Array(items) => Value::List(items.into_iter().map(convert_item).collect()),
        DeValue::Table(table) => Value::Table(convert_table(table)),
        DeValue::Boolean(_) | DeValue::Float(_) | DeValue::Datetime(_) => Value::Other(type_name),
    };
    Item { value, span }
}
