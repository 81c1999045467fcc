use serde::de::{DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor, value::BorrowedStrDeserializer};
use serde_json::Number;

use super::{
    Error, Node,
    object::{ArrayAccess, ObjectAccess, entries_of, fields_of},
};

/// Serde's view of a [`Node`], with Go's rules.
///
/// What depends on the node alone sits in functions that are not generic:
/// serde makes a copy of the rest for every type that is decoded.
#[derive(Clone, Copy)]
pub(super) struct NodeDeserializer<'de> {
    node: &'de Node,
}

enum Integer {
    Unsigned(u64),
    Signed(i64),
}

impl<'de> NodeDeserializer<'de> {
    pub(super) fn new(node: &'de Node) -> Self {
        Self { node }
    }

    fn expected<T>(self, what: &'static str) -> Result<T, Error> {
        Err(Error::wrong_type(&what, &self.node.shown()))
    }

    fn boolean(self) -> Result<bool, Error> {
        match self.node {
            Node::Bool(truth) => Ok(*truth),
            Node::Null => Ok(false),
            _ => self.expected("a boolean"),
        }
    }

    fn integer(self) -> Result<Integer, Error> {
        match self.node {
            Node::Number(number) => integer_of(number),
            Node::Null => Ok(Integer::Unsigned(0)),
            _ => self.expected("an integer"),
        }
    }

    fn float(self) -> Result<f64, Error> {
        match self.node {
            Node::Number(number) => Ok(number.as_f64().unwrap_or(f64::NAN)),
            Node::Null => Ok(0.0),
            _ => self.expected("a number"),
        }
    }

    fn text(self) -> Result<&'de str, Error> {
        match self.node {
            Node::String(text) => Ok(text),
            Node::Null => Ok(""),
            _ => self.expected("a string"),
        }
    }

    fn elements(self) -> Result<ArrayAccess<'de>, Error> {
        match self.node {
            Node::Array(elements) => Ok(ArrayAccess::new(elements)),
            Node::Null => Ok(ArrayAccess::new(&[])),
            _ => self.expected("an array"),
        }
    }

    fn entries(self) -> Result<&'de [(String, Node)], Error> {
        match self.node {
            Node::Object(entries) => Ok(entries),
            Node::Null => Ok(&[]),
            _ => self.expected("an object"),
        }
    }

    fn variant(self) -> Result<Variant<'de>, Error> {
        match self.node {
            Node::String(name) => Ok(Variant {
                name,
                content: &Node::Null,
            }),
            Node::Object(entries) if let [(name, content)] = entries.as_slice() => Ok(Variant { name, content }),
            _ => self.expected("a string or an object with one key"),
        }
    }
}

fn integer_of(number: &Number) -> Result<Integer, Error> {
    number
        .as_u64()
        .map(Integer::Unsigned)
        .or_else(|| number.as_i64().map(Integer::Signed))
        .ok_or_else(|| Error::wrong_type(&"an integer", &number.to_string()))
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.integer()? {
                Integer::Unsigned(number) => visitor.visit_u64(number),
                Integer::Signed(number) => visitor.visit_i64(number),
            }
        }
    )*};
}

macro_rules! strings {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_borrowed_str(self.text()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for NodeDeserializer<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Node::Null => visitor.visit_unit(),
            Node::Bool(truth) => visitor.visit_bool(*truth),
            Node::Number(number) => match integer_of(number) {
                Ok(Integer::Unsigned(number)) => visitor.visit_u64(number),
                Ok(Integer::Signed(number)) => visitor.visit_i64(number),
                Err(_) => visitor.visit_f64(self.float()?),
            },
            Node::String(text) => visitor.visit_borrowed_str(text),
            Node::Array(elements) => visitor.visit_seq(ArrayAccess::new(elements)),
            Node::Object(entries) => visitor.visit_map(ObjectAccess::new(entries_of(entries))),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.boolean()?)
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    strings! {
        deserialize_char deserialize_str deserialize_string deserialize_identifier
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Node::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Node::Null => visitor.visit_unit(),
            _ => self.expected("null"),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self.elements()?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(ObjectAccess::new(entries_of(self.entries()?)))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(ObjectAccess::new(fields_of(self.entries()?, fields)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.variant()?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// `"name"` or `{"name": content}`.
struct Variant<'de> {
    name: &'de str,
    content: &'de Node,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Content<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'de>), Error> {
        let value = seed.deserialize(BorrowedStrDeserializer::<Error>::new(self.name))?;
        Ok((value, Content(self)))
    }
}

struct Content<'de>(Variant<'de>);

impl<'de> Content<'de> {
    fn within<T>(self, decode: impl FnOnce(NodeDeserializer<'de>) -> Result<T, Error>) -> Result<T, Error> {
        decode(NodeDeserializer::new(self.0.content)).map_err(|error| error.at_key(self.0.name))
    }
}

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.within(|content| match content.node {
            Node::Null => Ok(()),
            _ => content.expected("null"),
        })
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.within(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.within(|content| content.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.within(|content| content.deserialize_struct("", fields, visitor))
    }
}
