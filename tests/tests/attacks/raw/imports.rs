//! Imports and exports that are not those of a plugin here are refused when
//! the component is installed, by name.

use cofferdam_tests::needs_kernel;

use super::{
    component::{Raw, assemble},
    ground::{COMPONENT, fails, refused},
};

#[test]
fn what_no_plugin_gets_is_not_imported() {
    needs_kernel!();
    for import in [
        "wasi:filesystem/preopens@0.2.0",
        "wasi:filesystem/types@0.2.0",
        "wasi:sockets/tcp@0.2.0",
        "wasi:sockets/ip-name-lookup@0.2.0",
        "wasi:http/outgoing-handler@0.2.0",
        "wasi:cli/run@0.2.0",
        "wasi:cli/command@0.2.0",
        "wasi:io/files@0.2.0",
        "cofferdam:cni/exec@0.1.0",
        "cofferdam:cni/plugin@0.1.0",
    ] {
        refused(
            import,
            &Raw::new().more(&format!("(import \"{import}\" (instance))")).wasm(),
            import,
        );
    }
    let function = Raw::new().more("(import \"system\" (func (param \"command\" string)))");
    refused("a function", &function.wasm(), "system");
    let module = Raw::new().more("(import \"code\" (core module))");
    refused("a module", &module.wasm(), "code");
}

#[test]
fn another_version_or_type_of_what_plugins_get_is_not_imported() {
    needs_kernel!();
    let later = r#"(import "cofferdam:cni/resolver@0.2.0" (instance (export "resolv-conf" (func (result string)))))"#;
    refused(
        "a later version",
        &Raw::new().more(later).wasm(),
        "made for cofferdam:cni 0.2.0",
    );
    for (attack, import) in [
        (
            "another type",
            r#"(import "cofferdam:cni/resolver@0.1.0" (instance (export "resolv-conf" (func (result string)))))"#,
        ),
        (
            "a function that is not there",
            r#"(import "cofferdam:cni/resolver@0.1.0" (instance (export "write" (func (param "text" string)))))"#,
        ),
        (
            "a resource that is not there",
            r#"(import "cofferdam:cni/resolver@0.1.0" (instance (export "file" (type (sub resource)))))"#,
        ),
    ] {
        refused(attack, &Raw::new().more(import).wasm(), "cofferdam:cni/resolver@0.");
    }
}

#[test]
fn a_plugin_exports_what_a_plugin_has_to() {
    needs_kernel!();
    refused("nothing", &assemble("(component)"), "cofferdam:cni/plugin");
    let all = [
        ("add", "$add"),
        ("del", "$of-attachment"),
        ("check", "$of-attachment"),
        ("gc", "$of-network"),
        ("status", "$of-network"),
    ];
    for missing in all {
        let rest: String = all
            .iter()
            .filter(|export| **export != missing)
            .map(|(name, function)| format!("(export \"{name}\" (func {function}))"))
            .collect();
        refused(missing.0, &Raw::new().exports(&rest).wasm(), missing.0);
    }
    let module = assemble("(module (func (export \"add\")))");
    refused("a module", &module, "");
}

#[test]
fn a_function_of_another_type_is_no_plugins() {
    needs_kernel!();
    let wrong = Raw::new().exports(
        "(export \"add\" (func $of-network)) (export \"del\" (func $of-attachment))
         (export \"check\" (func $of-attachment)) (export \"gc\" (func $of-network))
         (export \"status\" (func $of-network))",
    );
    let error = fails("another type", &wrong);
    assert_eq!(error.code, COMPONENT, "{error:?}");
    assert!(error.message.contains("not a Cofferdam plugin"), "{error:?}");
    assert!(error.message.contains("expected record"), "{error:?}");
}
