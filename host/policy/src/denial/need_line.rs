use cofferdam_protocol::Place;

use crate::{aspect::Aspect, dimension::Dimension, question::Question, quoted::Quoted};

/// The need that a component's author forgot, in the SDK's words. It is as wide
/// as authors mean it: of names, addresses and numbers it says nothing, since
/// those are of one attachment.
pub(crate) fn write(question: &Question<'_>) -> String {
    let operation = question.operation();
    let mut need = format!("Need::always({})", Quoted(operation.name()));
    match question.place() {
        Some(Place::Host) => need.push_str(".in_host()"),
        Some(Place::Container) => need.push_str(".in_container()"),
        None => {}
    }
    if let Some(Aspect::Text(setting)) = question.aspect(Dimension::Settings) {
        need.push_str(&format!(".settings(&[{}])", Quoted(setting)));
    }
    need
}
