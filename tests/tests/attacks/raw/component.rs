//! The text of a component for the world of `wit/`, part by part.

/// The types and imports that every one of these components has.
const WORLD: &str = include_str!("world.wat");

/// Where the answer of ADD lies: `{result: u8, interfaces, addresses, routes,
/// nameservers: {address, length}, domain: option<text>, search, options}`,
/// from 4 on. As it is, it is nothing at all, successfully.
pub(crate) const ANSWER: &str = "(i32.const 1024)";

/// Switches `net/ipv4/ip_forward` of the node on, which is granted: the
/// setting's name is at 2048, the value at 2117.
const FORWARD: &str = r#"
    (data (i32.const 2100) "netipv4ip_forward1")
    (data (i32.const 2048) "\34\08\00\00\03\00\00\00\37\08\00\00\04\00\00\00\3b\08\00\00\0a\00\00\00")
    (func $forward (export "forward")
        (call $host (i32.const 3072))
        (call $set (i32.load (i32.const 3076))
            (i32.const 2048) (i32.const 3) (i32.const 2117) (i32.const 1) (i32.const 3200)))
    (elem (table $later) (i32.const 0) func $forward)"#;

/// A component of two modules: one with the memory and its allocator, and the
/// plugin itself. As it comes, its ADD gives an empty result.
#[derive(Clone)]
pub(crate) struct Raw {
    memory: String,
    allocator: String,
    plugin: String,
    add: String,
    after: Option<String>,
    options: String,
    exports: String,
    more: String,
}

impl Raw {
    pub(crate) fn new() -> Self {
        Self {
            memory: "(memory (export \"memory\") 16)".to_owned(),
            allocator: "(local.set 4 (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                        (global.set $free (i32.add (local.get 4) (local.get 3)))
                        (local.get 4)"
                .to_owned(),
            plugin: String::new(),
            add: ANSWER.to_owned(),
            after: None,
            options: String::new(),
            exports: "(export \"add\" (func $add))
                 (export \"del\" (func $of-attachment)) (export \"check\" (func $of-attachment))
                 (export \"gc\" (func $of-network)) (export \"status\" (func $of-network))"
                .to_owned(),
            more: String::new(),
        }
    }

    /// The memory, and whatever else the first module is to have.
    pub(crate) fn memory(mut self, items: &str) -> Self {
        items.clone_into(&mut self.memory);
        self
    }

    /// The body of `realloc`: locals 0 to 3 are its arguments, 4 is free, and
    /// `$later` has `$forward` at 0.
    pub(crate) fn allocator(mut self, body: &str) -> Self {
        body.clone_into(&mut self.allocator);
        self
    }

    /// More of the plugin's module.
    pub(crate) fn plugin(mut self, items: &str) -> Self {
        items.clone_into(&mut self.plugin);
        self
    }

    /// The body of ADD: local 0 is the request's address, 1 is free; it leaves
    /// the answer's address.
    pub(crate) fn add(mut self, body: &str) -> Self {
        body.clone_into(&mut self.add);
        self
    }

    /// The body of what is called after ADD: local 0 is the answer's address.
    pub(crate) fn after(mut self, body: &str) -> Self {
        self.after = Some(body.to_owned());
        self
    }

    /// How ADD's values cross the border, in place of UTF-8.
    pub(crate) fn options(mut self, options: &str) -> Self {
        options.clone_into(&mut self.options);
        self
    }

    /// What the plugin's interface has.
    pub(crate) fn exports(mut self, exports: &str) -> Self {
        exports.clone_into(&mut self.exports);
        self
    }

    /// More of the component.
    pub(crate) fn more(mut self, items: &str) -> Self {
        items.clone_into(&mut self.more);
        self
    }

    pub(crate) fn wasm(&self) -> Vec<u8> {
        assemble(&self.text())
    }

    fn text(&self) -> String {
        let Self {
            options, exports, more, ..
        } = self;
        let (memory, plugin) = (self.memory_module(), self.plugin_module());
        let after = self
            .after
            .as_ref()
            .map_or("", |_| "(post-return (func $plugin \"after\"))");
        let lift = "(memory $memory) (realloc $realloc)";
        format!(
            "(component {WORLD} {memory}
             (core instance $m (instantiate $memory-module))
             (alias core export $m \"memory\" (core memory $memory))
             (alias core export $m \"realloc\" (core func $realloc))
             (core func $log-write (canon lower (func $log-write) (memory $memory)))
             (core func $host (canon lower (func $host-namespace) {lift}))
             (core func $container (canon lower (func $container-namespace) {lift}))
             (core func $get (canon lower (func $sysctl-get) {lift}))
             (core func $set (canon lower (func $sysctl-set) {lift}))
             (core func $drop (canon resource.drop $namespace))
             {plugin}
             (core instance $plugin (instantiate $plugin-module
                 (with \"m\" (instance $m))
                 (with \"h\" (instance
                     (export \"write\" (func $log-write)) (export \"host\" (func $host))
                     (export \"container\" (func $container)) (export \"get\" (func $get))
                     (export \"set\" (func $set)) (export \"drop\" (func $drop))))))
             (func $add (param \"request\" $request) (result (result $attachment (error $failure)))
                 (canon lift (core func $plugin \"add\") {lift} {options} {after}))
             (func $of-attachment (param \"request\" $request) (result (result (error $failure)))
                 (canon lift (core func $plugin \"of-attachment\") {lift}))
             (func $of-network (param \"request\" $network-request) (result (result (error $failure)))
                 (canon lift (core func $plugin \"of-network\") {lift}))
             (instance $exported {exports})
             (export \"cofferdam:cni/plugin@0.1.0\" (instance $exported))
             {more})"
        )
    }

    fn memory_module(&self) -> String {
        let Self { memory, allocator, .. } = self;
        format!(
            "(core module $memory-module {memory}
                 (type $nothing (func))
                 (table $later (export \"later\") 1 funcref)
                 (global $free (mut i32) (i32.const 65536))
                 (func $realloc (export \"realloc\") (param i32 i32 i32 i32) (result i32) (local i32) {allocator}))"
        )
    }

    fn plugin_module(&self) -> String {
        let Self { plugin, add, .. } = self;
        let after = self.after.as_deref().unwrap_or_default();
        format!(
            "(core module $plugin-module
                 (import \"m\" \"memory\" (memory 0))
                 (import \"m\" \"later\" (table $later 1 funcref))
                 (import \"h\" \"write\" (func $write (param i32 i32 i32)))
                 (import \"h\" \"host\" (func $host (param i32)))
                 (import \"h\" \"container\" (func $container (param i32)))
                 (import \"h\" \"get\" (func $get (param i32 i32 i32 i32)))
                 (import \"h\" \"set\" (func $set (param i32 i32 i32 i32 i32 i32)))
                 (import \"h\" \"drop\" (func $drop (param i32)))
                 {FORWARD} {plugin}
                 (func (export \"add\") (param i32) (result i32) (local i32) {add})
                 (func (export \"after\") (param i32) {after})
                 (func (export \"of-attachment\") (param i32) (result i32) {ANSWER})
                 (func (export \"of-network\") (param i32 i32 i32 i32 i32 i32) (result i32) {ANSWER}))"
        )
    }
}

/// The binary form of a text.
pub(crate) fn assemble(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}
