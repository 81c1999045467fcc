//! Takes JSON for the same document. Its parts have no places.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::{Item, Member, Table, Value};

pub(in crate::parse) fn item(json: &Json) -> Item<'_> {
    let value = match json {
        Json::String(text) => Value::Text(Cow::Borrowed(text)),
        Json::Number(number) if number.is_f64() => Value::Other("float"),
        Json::Number(number) => Value::Integer(number.as_i64()),
        Json::Array(items) => Value::List(items.iter().map(item).collect()),
        Json::Object(members) => Value::Table(Table(members.iter().map(member).collect())),
        Json::Bool(_) => Value::Other("boolean"),
        Json::Null => Value::Other("null"),
    };
    Item { value, span: 0..0 }
}

fn member<'i>((key, value): (&'i String, &'i Json)) -> Member<'i> {
    Member {
        key: Cow::Borrowed(key),
        key_span: 0..0,
        item: item(value),
    }
}
