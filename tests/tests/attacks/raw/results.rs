//! What a component hands to the host.

use cofferdam_tests::needs_kernel;

use super::{
    component::Raw,
    ground::{add, arena_with, forwards_until_del, is_ended},
};

#[test]
fn a_component_that_keeps_the_rules_is_a_plugin() {
    needs_kernel!();
    let forward = Raw::new().add("(call $forward) (i32.const 1024)");
    for raw in [forward.clone(), forward.after("")] {
        forwards_until_del(&raw);
    }
}

#[test]
fn a_result_lies_within_the_memory() {
    needs_kernel!();
    for (attack, add, words) in [
        ("beyond the memory", "(i32.const 0x7ffffff0)", "out of bounds"),
        ("at the highest address", "(i32.const -4)", "out of bounds"),
        ("across the end of the memory", "(i32.const 1048520)", "out of bounds"),
        ("at an odd address", "(i32.const 1025)", "aligned"),
        (
            "interfaces of all lengths",
            "(i32.store (i32.const 1032) (i32.const -1)) (i32.const 1024)",
            "out of bounds",
        ),
        (
            "interfaces whose bytes are more than there are numbers",
            "(i32.store (i32.const 1032) (i32.const 0x08000000)) (i32.const 1024)",
            "out of bounds",
        ),
        (
            "interfaces at an odd address",
            "(i32.store (i32.const 1028) (i32.const 2)) (i32.store (i32.const 1032) (i32.const 1)) (i32.const 1024)",
            "aligned",
        ),
        (
            "a domain that ends beyond the memory",
            "(i32.store8 (i32.const 1060) (i32.const 1)) (i32.store (i32.const 1064) (i32.const 1048570))
             (i32.store (i32.const 1068) (i32.const 100)) (i32.const 1024)",
            "out of bounds",
        ),
        (
            "a failure that is a text without end",
            "(i32.store8 (i32.const 1024) (i32.const 1)) (i32.store (i32.const 1036) (i32.const -1)) (i32.const 1024)",
            "out of bounds",
        ),
        (
            "a million texts that are one",
            "(i32.store (i32.const 1052) (i32.const 65536)) (i32.store (i32.const 1056) (i32.const 100000))
             (memory.fill (i32.const 65536) (i32.const 1) (i32.const 800000)) (i32.const 1024)",
            "",
        ),
    ] {
        is_ended(attack, &Raw::new().add(add), words);
    }
}

#[test]
fn a_result_is_one_of_its_kind() {
    needs_kernel!();
    let one_interface = "(i32.store (i32.const 1028) (i32.const 2048)) (i32.store (i32.const 1032) (i32.const 1))";
    let one_address = "(i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 1))";
    let nothing = "(memory.fill (i32.const 2048) (i32.const 0) (i32.const 64))";
    for (attack, list, place) in [
        ("neither result nor failure", "", 1024),
        ("a domain that is neither there nor not", "", 1060),
        ("an interface that is nowhere", one_interface, 2048 + 28),
        (
            "an Ethernet address that is neither there nor not",
            one_interface,
            2048 + 8,
        ),
        ("an address of no family", one_address, 2048),
        ("a gateway that is neither there nor not", one_address, 2048 + 20),
    ] {
        let add = format!("{nothing} {list} (i32.store8 (i32.const {place}) (i32.const 7)) (i32.const 1024)");
        is_ended(attack, &Raw::new().add(&add), "discriminant");
    }
}

#[test]
fn a_result_that_is_the_request_means_nothing() {
    needs_kernel!();
    is_ended("the request", &Raw::new().add("(local.get 0)"), "discriminant");
}

/// The host reads what is there, whatever else it was: an interface whose
/// name is the answer itself is no interface.
#[test]
fn a_result_whose_parts_overlap_is_read_and_refused() {
    needs_kernel!();
    let add_body = "(i32.store (i32.const 1028) (i32.const 1024)) (i32.store (i32.const 1032) (i32.const 1))
                    (i32.const 1024)";
    let arena = arena_with(&Raw::new().add(add_body).wasm());
    let error = add(&arena).error();
    arena.assert_untouched("parts that overlap");
    assert!([111, 112].contains(&error.code), "{error:?}");
}

#[test]
fn texts_of_a_result_are_texts() {
    needs_kernel!();
    let domain = "(i32.store8 (i32.const 1060) (i32.const 1)) (i32.store (i32.const 1064) (i32.const 4096))";
    for (attack, options, data, length, words) in [
        ("bytes that are no UTF-8", "", "\\ff\\fe", 2, "utf-8"),
        ("half a character", "", "a\\c3", 2, "utf-8"),
        ("a surrogate", "", "\\ed\\a0\\80", 3, "utf-8"),
        (
            "half a pair of UTF-16",
            "string-encoding=utf16",
            "\\00\\d8a\\00",
            2,
            "surrogate",
        ),
        (
            "UTF-16 at an odd address",
            "string-encoding=utf16",
            "a\\00",
            1,
            "aligned",
        ),
        (
            "a length that says it is UTF-16",
            "string-encoding=latin1+utf16",
            "a\\00",
            -1,
            "out of bounds",
        ),
    ] {
        let odd = i32::from(words == "aligned");
        let add = format!(
            "{domain} (i32.store (i32.const 1064) (i32.const {})) (i32.store (i32.const 1068) (i32.const {length}))
             (i32.const 1024)",
            4096 + odd
        );
        let raw = Raw::new()
            .options(options)
            .plugin(&format!("(data (i32.const 4096) \"{data}\")"))
            .add(&add);
        is_ended(attack, &raw, words);
    }
}
