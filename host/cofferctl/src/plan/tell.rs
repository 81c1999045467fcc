//! The plan, for people and for programs.

use cofferdam_policy::Source;
use cofferdam_protocol::Place;
use cofferdam_simulation::Changes;
use serde_json::{Value, json};

use super::{
    members::{End, Planned, PlannedOperation},
    watch::{Decided, Verdict},
};
use crate::output::{complain, say, say_json};

pub(super) fn in_words(planned: &Planned) {
    say(&format!(
        "ADD of container {} to network {} as {} would do the following on this node; nothing of it was done",
        planned.container, planned.network, planned.interface
    ));
    if !planned.refused.is_empty() {
        say("refused before anything is done");
        for (plugin, reason) in &planned.refused {
            say(&format!("  {plugin}: {reason}"));
        }
    }
    say("operations");
    for (number, operation) in planned.operations.iter().enumerate() {
        tell_operation(number, operation);
    }
    if !planned.asked.is_empty() {
        say("asked for besides");
        for asked in &planned.asked {
            say(&format!("      {}: {}", asked.plugin, asked.what));
            tell_verdict(asked);
        }
    }
    for place in [Place::Host, Place::Container] {
        tell_changes(planned, place);
    }
    tell_end(&planned.end);
    planned.remarks.iter().for_each(|remark| complain(remark));
    tell_missing(planned);
}

fn tell_operation(number: usize, operation: &PlannedOperation) {
    let PlannedOperation {
        plugin,
        operation,
        fails,
        takes,
    } = operation;
    let failed = if *fails { " [fails]" } else { "" };
    say(&format!("  {number:>3} {plugin}: {operation}{failed}"));
    takes.iter().for_each(tell_verdict);
}

fn tell_verdict(asked: &Decided) {
    match &asked.verdict {
        Verdict::Granted(sources) => {
            let places: Vec<String> = sources.iter().map(place_of).collect();
            say(&format!("        {} by {}", asked.operation, places.join(", ")));
        }
        Verdict::NotGranted(missing) => say(&format!("        NOT GRANTED: needs {missing}")),
        Verdict::Denied(missing) => say(&format!("        denied, as in a real ADD: needs {missing}")),
    }
}

fn place_of(source: &Source) -> String {
    format!("{}:{}", source.file.display(), source.line)
}

fn tell_changes(planned: &Planned, place: Place) {
    let Changes { gone, new } = planned.changes(place);
    if gone.is_empty() && new.is_empty() {
        say(&format!("nothing changes in the {place} namespace"));
        return;
    }
    say(&format!("what changes in the {place} namespace"));
    gone.iter().for_each(|line| say(&format!("  - {line}")));
    new.iter().for_each(|line| say(&format!("  + {line}")));
}

fn tell_end(end: &End) {
    match end {
        End::Result(result) => {
            say("result");
            let text = serde_json::to_string_pretty(result).unwrap_or_default();
            text.lines().for_each(|line| say(&format!("  {line}")));
        }
        End::Error { plugin, error } => {
            say(&format!("plugin {plugin} fails, and everything is undone"));
            say(&format!("  code {}: {}", error.code, error.message));
            if let Some(details) = error.details.as_deref().filter(|details| !details.is_empty()) {
                say(&format!("  {details}"));
            }
        }
        End::Unknown { plugin } => say(&format!(
            "the plan ends before plugin {plugin}, which is no component here: what it would do, and those after it, is \
             not known; --component {plugin}=FILE gives one"
        )),
        End::Unanswered { plugin, request } => say(&format!(
            "the plan ends where plugin {plugin} asks a service, which a plan does not: {request}\n  what comes after \
             it is not known; --answers FILE gives the answer, as an [[http]] of a scenario does"
        )),
    }
}

fn tell_missing(planned: &Planned) {
    let missing = planned.all_asked().filter(|asked| asked.is_overlooked()).count();
    if missing > 0 {
        complain(&format!(
            "{missing} of what is asked for is not granted, and a real ADD is denied it. `cofferctl policy learn` \
             writes a policy for a network"
        ));
    }
}

/// The form is documented in docs/cofferctl.md.
pub(super) fn as_json(planned: &Planned) {
    let operation = |(number, operation): (usize, &PlannedOperation)| {
        json!({
            "number": number,
            "plugin": operation.plugin,
            "operation": operation.operation,
            "fails": operation.fails,
            "takes": operation.takes.iter().map(decided).collect::<Vec<_>>(),
        })
    };
    let refused = |(plugin, reason): &(String, String)| json!({ "plugin": plugin, "reason": reason });
    say_json(&json!({
        "network": planned.network,
        "container": planned.container,
        "interface": planned.interface,
        "succeeds": planned.succeeds(),
        "refused": planned.refused.iter().map(refused).collect::<Vec<_>>(),
        "operations": planned.operations.iter().enumerate().map(operation).collect::<Vec<_>>(),
        "asked_besides": planned.asked.iter().map(decided).collect::<Vec<_>>(),
        "host": changes(planned, Place::Host),
        "container_namespace": changes(planned, Place::Container),
        "end": planned.end.document(),
        "remarks": planned.remarks,
    }));
}

fn decided(asked: &Decided) -> Value {
    let source = |source: &Source| json!({ "file": source.file, "line": source.line, "grant": source.grant });
    let none = Vec::new;
    let (verdict, granted_by, missing) = match &asked.verdict {
        Verdict::Granted(sources) => ("granted", sources.iter().map(source).collect(), None),
        Verdict::NotGranted(missing) => ("not-granted", none(), Some(missing)),
        Verdict::Denied(missing) => ("denied", none(), Some(missing)),
    };
    json!({
        "plugin": asked.plugin, "what": asked.what, "verdict": verdict,
        "granted_by": granted_by, "missing": missing,
    })
}

fn changes(planned: &Planned, place: Place) -> Value {
    let Changes { gone, new } = planned.changes(place);
    json!({ "gone": gone, "new": new })
}
