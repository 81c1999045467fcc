//! Every call that a network's components make to the host, with arguments,
//! result and time: a plan that shows how it came about.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod kernel;

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use cofferdam_broker::{
    Installation,
    trace::{Call, Traced, Tracer},
};
use serde_json::{Value, json};

#[cfg(not(target_os = "linux"))]
use self::elsewhere::Kernel;
#[cfg(target_os = "linux")]
use self::kernel::Kernel;
#[cfg(target_os = "linux")]
pub(crate) use self::kernel::{CHILD, run_child};
use crate::{
    output::{complain, say, say_json},
    plan::{self, End},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    plan: plan::Arguments,
    #[command(flatten)]
    kernel: Kernel,
}

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (calls, end) = match arguments.kernel.add(installation, &arguments.plan)? {
        Some(done) => done,
        None => planned(installation, &arguments.plan)?,
    };
    if arguments.plan.wants_json() {
        let calls: Vec<Value> = calls.iter().map(document).collect();
        say_json(&json!({ "calls": calls, "end": end.document() }));
    } else {
        calls.iter().for_each(tell);
        tell_end(&end);
    }
    Ok(match end {
        End::Result(_) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn planned(installation: &Installation, arguments: &plan::Arguments) -> anyhow::Result<(Vec<Call>, End)> {
    let tracer = Arc::new(Tracer::default());
    let traced = Traced::of(Arc::clone(&tracer));
    let planned = tracing::subscriber::with_default(traced, || {
        plan::make(installation, arguments, Some(Arc::clone(&tracer)))
    })?;
    Ok((tracer.take(), planned.end))
}

fn tell(call: &Call) {
    say(&format!("{:>7} µs  {}", call.microseconds, in_words(call)));
}

/// Who calls what, and what comes of it.
pub(crate) fn in_words(call: &Call) -> String {
    let Call {
        plugin,
        function,
        arguments,
        result,
        depth,
        ..
    } = call;
    let arguments: Vec<String> = arguments
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let indent = "  ".repeat(*depth);
    format!(
        "{indent}{plugin}: {function}({}) -> {}",
        arguments.join(", "),
        result.as_deref().unwrap_or("nothing, it was ended")
    )
}

fn tell_end(end: &End) {
    match end {
        End::Result(_) => {}
        End::Error { plugin, error } => complain(&format!("plugin {plugin} fails: {error}")),
        End::Unknown { plugin } => complain(&format!(
            "the trace ends before plugin {plugin}, which is no component here"
        )),
        End::Unanswered { plugin, request } => complain(&format!(
            "the trace ends where plugin {plugin} asks a service, which a plan does not: {request}; --answers FILE gives \
             the answer"
        )),
    }
}

/// The same for programs.
pub(crate) fn document(call: &Call) -> Value {
    let arguments: serde_json::Map<String, Value> = call
        .arguments
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({
        "plugin": call.plugin, "function": call.function, "arguments": arguments, "result": call.result,
        "microseconds": call.microseconds,
    })
}
