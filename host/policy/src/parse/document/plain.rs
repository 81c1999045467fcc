//! Reads the form that policies usually have: `[plugin.NAME]`, then any number
//! of `[[plugin.NAME.grant]]`, all keys simple ones, no inline tables.
//!
//! Every CNI call reads a policy, and a table for the whole of TOML takes most
//! of that time. This reader has the same lexer and parser below it, and gives
//! up at whatever is not in that form or not in order.

use std::{borrow::Cow, ops::Range};

use toml_parser::{
    ErrorSink, ParseError, Raw, Source, Span,
    decoder::{Encoding, ScalarKind},
    parser::{EventReceiver, ValidateWhitespace, parse_document},
};

use super::{Item, Member, Table, Value};

/// Lists in lists; a policy's have two levels.
const DEEPEST: usize = 2;
/// Keys of a table, which are compared with each other. The format has fewer.
const MOST_KEYS: usize = 24;

/// `None` where the text has another form, or is no TOML.
pub(super) fn read(text: &str) -> Option<Table<'_>> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut builder = Builder::new(source);
    let mut error: Option<ParseError> = None;
    let mut receiver = ValidateWhitespace::new(&mut builder, source);
    parse_document(&tokens, &mut receiver, &mut error);
    match error {
        None => builder.finish(),
        Some(_) => None,
    }
}

struct Builder<'i> {
    source: Source<'i>,
    /// Something was seen that this reader leaves to the other one.
    gave_up: bool,
    header: Option<Header<'i>>,
    plugin: Option<Plugin<'i>>,
    /// The key whose value comes next.
    key: Option<Key<'i>>,
    /// Lists that are not closed yet.
    lists: Vec<(Vec<Item<'i>>, usize)>,
}

struct Key<'i> {
    name: Cow<'i, str>,
    span: Range<usize>,
}

/// A table's header while it is read.
struct Header<'i> {
    array: bool,
    start: usize,
    keys: Vec<Key<'i>>,
}

/// `[first.second]` and what belongs to it.
struct Plugin<'i> {
    first: Key<'i>,
    second: Key<'i>,
    span: Range<usize>,
    table: Table<'i>,
    /// The key of `[[first.second.key]]`.
    list: Option<Key<'i>>,
    items: Vec<(Table<'i>, Range<usize>)>,
}

impl<'i> Builder<'i> {
    fn new(source: Source<'i>) -> Self {
        Self {
            source,
            gave_up: false,
            header: None,
            plugin: None,
            key: None,
            lists: Vec::new(),
        }
    }

    fn finish(self) -> Option<Table<'i>> {
        let complete = !self.gave_up && self.header.is_none() && self.key.is_none() && self.lists.is_empty();
        let plugin = self.plugin.filter(|_| complete)?;
        let first = plugin.first.name;
        let (first_span, second_span) = (plugin.first.span, plugin.second.span);
        let mut table = plugin.table;
        if let Some(list) = plugin.list {
            let item = |(table, span)| Item {
                value: Value::Table(table),
                span,
            };
            let span = plugin.items.first().map(|(_, span)| span.clone())?;
            let items = plugin.items.into_iter().map(item).collect();
            table.0.push(member(list.name, list.span, Value::List(items), span));
        }
        let second = member(
            plugin.second.name,
            second_span,
            Value::Table(table),
            plugin.span.clone(),
        );
        let plugins = Value::Table(Table(vec![second]));
        Some(Table(vec![member(first, first_span.clone(), plugins, first_span)]))
    }

    fn raw(&mut self, span: Span, encoding: Option<Encoding>) -> Option<Raw<'i>> {
        let text = self.source.get(span)?.as_str();
        Some(Raw::new_unchecked(text, encoding, span))
    }

    fn open_header(&mut self, array: bool, span: Span) {
        self.header = Some(Header {
            array,
            start: span.start(),
            keys: Vec::with_capacity(3),
        });
    }

    fn close_header(&mut self, span: Span) {
        let known = self.header.take().and_then(|header| self.enter(header, span.end()));
        self.gave_up |= known.is_none();
    }

    /// Goes on with the table of a header. `None` if it is none that this
    /// reader knows.
    fn enter(&mut self, header: Header<'i>, end: usize) -> Option<()> {
        let span = header.start..end;
        match (&mut self.plugin, header.array) {
            (None, false) => {
                let [first, second] = <[Key<'i>; 2]>::try_from(header.keys).ok()?;
                self.plugin = Some(Plugin {
                    first,
                    second,
                    span,
                    table: Table::default(),
                    list: None,
                    items: Vec::new(),
                });
            }
            (Some(plugin), true) => {
                let [first, second, list] = <[Key<'i>; 3]>::try_from(header.keys).ok()?;
                let same = first.name == plugin.first.name
                    && second.name == plugin.second.name
                    && match &plugin.list {
                        Some(known) => known.name == list.name,
                        None => plugin.table.get(&list.name).is_none(),
                    };
                if !same {
                    return None;
                }
                plugin.list.get_or_insert(list);
                plugin.items.push((Table::default(), span));
            }
            _ => return None,
        }
        Some(())
    }

    fn value(&mut self, value: Value<'i>, span: Range<usize>) {
        if let Some((items, _)) = self.lists.last_mut() {
            items.push(Item { value, span });
            return;
        }
        let known = self.key.take().and_then(|key| self.add(key, value, span));
        self.gave_up |= known.is_none();
    }

    /// Puts a value into the table that was opened last. `None` if it has the
    /// key.
    fn add(&mut self, key: Key<'i>, value: Value<'i>, span: Range<usize>) -> Option<()> {
        let plugin = self.plugin.as_mut()?;
        let table = match plugin.items.last_mut() {
            Some((table, _)) => table,
            None => &mut plugin.table,
        };
        if table.0.len() >= MOST_KEYS || table.get(&key.name).is_some() {
            return None;
        }
        table.0.push(member(key.name, key.span, value, span));
        Some(())
    }
}

fn member<'i>(key: Cow<'i, str>, key_span: Range<usize>, value: Value<'i>, span: Range<usize>) -> Member<'i> {
    Member {
        key,
        key_span,
        item: Item { value, span },
    }
}

fn range(span: Span) -> Range<usize> {
    span.start()..span.end()
}

impl EventReceiver for Builder<'_> {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.open_header(false, span);
    }

    fn std_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close_header(span);
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.open_header(true, span);
    }

    fn array_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close_header(span);
    }

    fn inline_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) -> bool {
        self.gave_up = true;
        false
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        let enter = self.lists.len() < DEEPEST;
        self.gave_up |= !enter;
        if enter {
            self.lists.push((Vec::new(), span.start()));
        }
        enter
    }

    fn array_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        match self.lists.pop() {
            Some((items, start)) => self.value(Value::List(items), start..span.end()),
            None => self.gave_up = true,
        }
    }

    fn simple_key(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let mut name = Cow::Borrowed("");
        match self.raw(span, encoding) {
            Some(raw) => raw.decode_key(&mut name, error),
            None => self.gave_up = true,
        }
        let key = Key {
            name,
            span: range(span),
        };
        match &mut self.header {
            Some(header) => header.keys.push(key),
            // The part of a dotted key before this one would still be there.
            None => self.gave_up |= self.key.replace(key).is_some(),
        }
    }

    fn scalar(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let Some(raw) = self.raw(span, encoding) else {
            self.gave_up = true;
            return;
        };
        let mut decoded = Cow::Borrowed("");
        let value = match raw.decode_scalar(&mut decoded, error) {
            ScalarKind::String => Value::Text(decoded),
            ScalarKind::Integer(radix) => Value::Integer(i64::from_str_radix(&decoded, radix.value()).ok()),
            ScalarKind::Boolean(_) => Value::Other("boolean"),
            ScalarKind::Float => Value::Other("float"),
            // Whether it is one is seen by the other reader only.
            ScalarKind::DateTime => {
                self.gave_up = true;
                return;
            }
        };
        self.value(value, range(span));
    }

    fn error(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.gave_up = true;
    }
}
