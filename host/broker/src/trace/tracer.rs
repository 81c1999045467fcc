//! Hears the events that the generated bindings emit for each call.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::calls::{Call, Handles, argument_name, function_name, in_words, result_in_words};
use crate::Listener;

/// What the bindings call the crate that they are in.
const BINDINGS: &str = "cofferdam_sandbox::bindings";

/// Collects the calls of the plugins that it is told of.
#[derive(Debug, Default)]
pub struct Tracer(Mutex<Trace>);

#[derive(Debug, Default)]
struct Trace {
    /// Those that are running, each called by the one before it.
    running: Vec<(String, Handles)>,
    calls: Vec<Call>,
    /// Bytes of calls that may still be collected, where they are bounded.
    left: Option<usize>,
}

impl Trace {
    /// Whether so many bytes may be collected. Once they may not, none may.
    fn has_room(&mut self, bytes: usize) -> bool {
        let Some(left) = &mut self.left else { return true };
        *left = left.saturating_sub(bytes);
        *left > 0
    }
}

impl Listener for Tracer {
    fn begins(&self, plugin: &str) {
        self.lock().running.push((plugin.to_owned(), Handles::new()));
    }

    fn ends(&self) {
        self.lock().running.pop();
    }

    fn handed(&self, handle: u32, what: &str) {
        if let Some((_, handles)) = self.lock().running.last_mut() {
            handles.insert(handle, what.to_owned());
        }
    }
}

impl Tracer {
    /// One that collects calls of so many bytes, and no more.
    #[must_use]
    pub fn bounded(bytes: usize) -> Self {
        let trace = Trace {
            left: Some(bytes),
            ..Trace::default()
        };
        Self(Mutex::new(trace))
    }

    /// Whether there were more calls than it collects.
    pub fn is_full(&self) -> bool {
        self.lock().left == Some(0)
    }

    /// The calls until now, which are forgotten.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.lock().calls)
    }

    fn lock(&self) -> MutexGuard<'_, Trace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the events go, while it is the thread's subscriber.
pub struct Traced {
    tracer: Arc<Tracer>,
    next: AtomicU64,
    spans: Mutex<BTreeMap<u64, Open>>,
    /// The spans that are entered, innermost last: a plugin may call another.
    entered: Mutex<Vec<u64>>,
}

/// A call that has not returned.
struct Open {
    function: String,
    /// Its place in the list of calls, once its arguments are known.
    call: Option<usize>,
    since: Instant,
}

impl Traced {
    /// Has a tracer collect the calls.
    #[must_use]
    pub fn of(tracer: Arc<Tracer>) -> Self {
        Self {
            tracer,
            next: AtomicU64::new(1),
            spans: Mutex::default(),
            entered: Mutex::default(),
        }
    }

    fn begin(&self, open: &mut Open, fields: Fields) {
        let mut trace = self.tracer.lock();
        let depth = trace.running.len().saturating_sub(1);
        let Some((plugin, handles)) = trace.running.last() else {
            return;
        };
        let arguments = fields.0.iter().filter(|(name, _)| name != "message");
        let call = Call {
            plugin: plugin.clone(),
            function: open.function.clone(),
            arguments: arguments
                .map(|(name, value)| (argument_name(name), in_words(value, handles)))
                .collect(),
            result: None,
            microseconds: 0,
            depth,
        };
        if trace.has_room(call.size()) {
            open.call = Some(trace.calls.len());
            trace.calls.push(call);
        }
    }

    fn end(&self, open: &Open, result: &str) {
        let mut trace = self.tracer.lock();
        let result = match trace.running.last() {
            Some((_, handles)) => result_in_words(result, handles),
            None => return,
        };
        if !trace.has_room(result.len()) {
            return;
        }
        if let Some(call) = open.call.and_then(|number| trace.calls.get_mut(number)) {
            call.result = Some(result);
            call.microseconds = u64::try_from(open.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        }
    }
}

impl Subscriber for Traced {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(BINDINGS)
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let (interface, function) = (fields.get("module"), fields.get("function"));
        let open = Open {
            function: function_name(&interface, &function),
            call: None,
            since: Instant::now(),
        };
        lock(&self.spans).insert(number, open);
        span::Id::from_u64(number)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Some(number) = lock(&self.entered).last().copied() else {
            return;
        };
        let mut spans = lock(&self.spans);
        let Some(open) = spans.get_mut(&number) else {
            return;
        };
        match fields.get("message").as_str() {
            "call" => self.begin(open, fields),
            "return" => self.end(open, &fields.get("result")),
            _ => {}
        }
    }

    fn enter(&self, span: &span::Id) {
        lock(&self.entered).push(span.into_u64());
    }

    fn exit(&self, span: &span::Id) {
        lock(&self.entered).retain(|number| *number != span.into_u64());
    }

    fn try_close(&self, span: span::Id) -> bool {
        lock(&self.spans).remove(&span.into_u64()).is_some()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Names and values in their order.
#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, name: &str) -> String {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name().to_owned(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }
}
