//! A node with an address for services, and a plugin that asks them what a
//! test wants.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
};

use cofferdam_tests::{Asked, CniError, Container, Output, Service, Site, couriers_in};
use serde_json::{Value, json};

/// An address of the node that is not loopback's.
pub(crate) const ADDRESS: &str = "10.99.0.1";
/// The operator's credential.
pub(crate) const TOKEN: &str = "swordfish-5f2b-bearer";
/// What a plugin's own failure has for a code.
pub(crate) const TOLD: u64 = 999;

pub(crate) struct Node {
    pub(crate) site: Site,
}

impl Node {
    pub(crate) fn new() -> Self {
        let site = Site::new();
        site.node()
            .ip(&["address", "add", &format!("{ADDRESS}/32"), "dev", "lo"]);
        Self { site }
    }

    /// A service of this node that answers every request with 200 and `ok`.
    pub(crate) fn friendly(&self) -> Service {
        Service::start(self.site.node(), ADDRESS, |_, out| respond(out, 200, "ok"))
    }

    /// Grants the plugin `hostile` requests, in the words of a policy.
    pub(crate) fn grant(&self, bounds: &str) {
        let text = format!(
            "[plugin.hostile]\naudit = \"all\"\n\n[[plugin.hostile.grant]]\nallow = \"http.request\"\n{bounds}\n"
        );
        self.site.installation().policy("hostile.toml", &text);
    }

    /// Puts a credential where the operator has it.
    pub(crate) fn credential(&self, name: &str, text: &str) -> PathBuf {
        let directory = self.kept("credentials", 0o700);
        let file = directory.join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    /// The same for an authority.
    pub(crate) fn authority(&self, name: &str, pem: &str) {
        let directory = self.kept("authorities", 0o755);
        fs::write(directory.join(format!("{name}.pem")), pem).unwrap();
    }

    fn kept(&self, what: &str, mode: u32) -> PathBuf {
        let directory = self.site.installation().root().join("etc/cofferdam").join(what);
        fs::create_dir_all(&directory).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
        directory
    }

    /// An ADD in which these requests are made; it ends with a failure that
    /// tells what came of them.
    pub(crate) fn try_all(&self, requests: &[Value], arguments: &[&str]) -> Output {
        let mut calls = requests.to_vec();
        calls.push(json!({ "do": "tell" }));
        let config = json!({
            "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile", "calls": calls,
        });
        let container = Container::new("c1");
        let call = self.site.call("ADD", &container, &config);
        let call = arguments.iter().fold(call, |call, argument| call.argument(argument));
        let output = call.run();
        no_courier_is_left(&self.site);
        output
    }

    /// What came of one request.
    #[track_caller]
    pub(crate) fn ask(&self, request: &Value) -> CniError {
        self.try_all(std::slice::from_ref(request), &["--budget", "5000"])
            .error()
    }
}

/// A GET, as a script has it.
pub(crate) fn get(url: &str) -> Value {
    json!({ "do": "request", "method": "GET", "url": url })
}

/// A response with a text.
pub(crate) fn respond(out: &mut dyn Write, status: u16, body: &str) -> io::Result<()> {
    let length = body.len();
    write!(
        out,
        "HTTP/1.1 {status} Whatever\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// All that came, in the form in which a server that echoes has it.
pub(crate) fn echo(asked: &Asked) -> String {
    let headers: Vec<String> = asked
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    headers.join("\n")
}

#[track_caller]
pub(crate) fn no_courier_is_left(site: &Site) {
    assert_eq!(couriers_in(site), [0_u32; 0]);
}
