use std::fs;

use serde_json::Value;

use crate::Products;

/// A build of the component that attacks, which otherwise declares to need
/// everything, with this declaration in its place; without any if it is null.
#[must_use]
pub fn hostile_declaring(needs: &Value) -> Vec<u8> {
    let mut wasm = fs::read(Products::locate().component("cofferdam-hostile")).expect("a component is readable");
    // The same text is among the component's data, too, where nobody reads it.
    let begin = b"cofferdam:plugin{";
    let name = wasm.windows(begin.len()).position(|bytes| bytes == begin);
    let start = name.expect("the component says what it is") + begin.len() - 1;
    let mut documents = serde_json::Deserializer::from_slice(&wasm[start..]).into_iter();
    let mut said: Value = documents.next().expect("something is there").expect("it is JSON");
    let length = documents.byte_offset();
    said["needs"] = needs.clone();
    let text = said.to_string();
    assert!(
        text.len() <= length,
        "the declaration is longer than the one in the component"
    );
    wasm[start..start + length].copy_from_slice(format!("{text:length$}").as_bytes());
    wasm
}
