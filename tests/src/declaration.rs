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

/// The component that attacks, with this schema of its configuration.
#[must_use]
pub fn hostile_with_schema(schema: &str) -> Vec<u8> {
    const NAME: &str = "cofferdam:config-schema";
    let mut wasm = fs::read(Products::locate().component("cofferdam-hostile")).expect("a component is readable");
    let mut content = vec![u8::try_from(NAME.len()).expect("a short name")];
    content.extend(NAME.bytes().chain(schema.bytes()));
    // A custom section: its number, its length in groups of seven bits, its name, and what is in it.
    wasm.push(0);
    let mut length = content.len();
    while length >= 0x80 {
        wasm.push(u8::try_from(length % 0x80).expect("seven bits") | 0x80);
        length /= 0x80;
    }
    wasm.push(u8::try_from(length).expect("seven bits"));
    wasm.extend(content);
    wasm
}
