//! Handles across the borders that a component draws within itself.

use cofferdam_tests::needs_kernel;

use super::{
    component::Raw,
    ground::{is_ended, refused},
};

/// A component beside others, whose `keep` keeps a resource of this type that
/// it is lent.
fn keeper(resource: &str) -> String {
    format!(
        r#"(component $keeper
             (import "resource" (type $resource (sub resource)))
             (core module $code (func (export "keep") (param i32)))
             (core instance $code (instantiate $code))
             (func (export "keep") (param "it" (borrow $resource)) (canon lift (core func $code "keep"))))
         (instance $keeper (instantiate $keeper (with "resource" (type {resource}))))
         (alias export $keeper "keep" (func $keep))"#
    )
}

/// The plugin holds a handle of the node, number 1 in its table; a component
/// within it uses that number.
#[test]
fn a_handle_is_good_in_the_instance_that_got_it() {
    needs_kernel!();
    let take = "(func $first (call $host (i32.const 3072))
                    (if (i32.ne (i32.load (i32.const 3076)) (i32.const 1)) (then (unreachable))))
                (start $first)";
    for (attack, using) in [
        ("used", "(call $keep (i32.const 1))"),
        ("dropped", "(call $drop (i32.const 1))"),
    ] {
        let more = format!(
            "{}
             (component $user
                 (import \"namespace\" (type $namespace (sub resource)))
                 (import \"keep\" (func $keep (param \"it\" (borrow $namespace))))
                 (core func $drop (canon resource.drop $namespace))
                 (core func $keep (canon lower (func $keep)))
                 (core module $code
                     (import \"h\" \"drop\" (func $drop (param i32)))
                     (import \"h\" \"keep\" (func $keep (param i32)))
                     (func $first {using}) (start $first))
                 (core instance (instantiate $code (with \"h\" (instance
                     (export \"drop\" (func $drop)) (export \"keep\" (func $keep)))))))
             (instance (instantiate $user (with \"namespace\" (type $namespace)) (with \"keep\" (func $keep))))",
            keeper("$namespace")
        );
        is_ended(attack, &Raw::new().plugin(take).more(&more), "unknown handle index 1");
    }
}

/// What a lent handle was lent for is over; whoever keeps it is ended.
#[test]
fn a_handle_that_was_lent_is_given_back() {
    needs_kernel!();
    let stream = r#"
        (import "wasi:io/streams@0.2.0" (instance $streams (export "output-stream" (type (sub resource)))))
        (alias export $streams "output-stream" (type $stream))
        (import "wasi:cli/stderr@0.2.0" (instance $stderr
            (alias outer 1 $stream (type $outside))
            (export "output-stream" (type $stream (eq $outside)))
            (export "get-stderr" (func (result (own $stream))))))
        (alias export $stderr "get-stderr" (func $get-stderr))"#;
    let lender = r#"
        (component $lender
            (import "stream" (type $stream (sub resource)))
            (import "get" (func $get (result (own $stream))))
            (import "keep" (func $keep (param "it" (borrow $stream))))
            (core func $get (canon lower (func $get)))
            (core func $keep (canon lower (func $keep)))
            (core module $code
                (import "h" "get" (func $get (result i32)))
                (import "h" "keep" (func $keep (param i32)))
                (func $first (call $keep (call $get)))
                (start $first))
            (core instance (instantiate $code
                (with "h" (instance (export "get" (func $get)) (export "keep" (func $keep)))))))
        (instance (instantiate $lender
            (with "stream" (type $stream)) (with "get" (func $get-stderr)) (with "keep" (func $keep))))"#;
    let more = format!("{stream}{}{lender}", keeper("$stream"));
    is_ended("kept", &Raw::new().more(&more), "borrow");
}

/// Handles of the host's resources are made by the host alone.
#[test]
fn a_component_makes_no_handle_of_what_the_host_has() {
    needs_kernel!();
    for operation in ["new", "rep"] {
        // The text can be assembled; the rules of components forbid it.
        let raw = Raw::new().more(&format!("(core func (canon resource.{operation} $namespace))"));
        refused(operation, &raw.wasm(), "resource");
    }
}
