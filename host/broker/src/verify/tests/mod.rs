#![allow(clippy::unwrap_used)]

mod given;
mod own;
mod passed_on;

use cofferdam_protocol::{Argument, Attachment, MacAddress, Place, PluginConfig};
use serde_json::{Value, json};

use super::{Given, Request, Truth};
use crate::{
    deeds::Deeds,
    picture::Picture,
    session::{KnownLink, Links, Ownership},
};

const SANDBOX: &str = "/run/netns/c1";

/// A request that made `eth0` with an address, beside `net0`, which another
/// attachment made, and `lo`.
struct Scene {
    picture: Picture,
    links: Links,
    deeds: Deeds,
    claimed: Vec<std::net::IpAddr>,
    config: PluginConfig,
    arguments: Vec<Argument>,
    previous: Option<Attachment>,
}

impl Scene {
    fn new() -> Self {
        let picture = Picture::default()
            .with_link(Place::Host, "up0")
            .with_link(Place::Host, "veth0")
            .with_link(Place::Container, "lo")
            .with_address("127.0.0.1/8")
            .with_address("10.22.0.66/16")
            .with_link(Place::Container, "net0")
            .with_address("10.33.0.5/16")
            .with_route("10.33.0.0/16", None)
            .with_link(Place::Container, "eth0")
            .with_address("10.22.0.5/16")
            .with_address("10.22.0.6/16")
            .with_address("fe80::1/64")
            .with_route("10.22.0.0/16", None)
            .with_route("192.0.2.0/24", Some("10.22.0.1"))
            .with_route("203.0.113.1/32", None)
            .with_route("0.0.0.0/0", None);
        let mut scene = Self {
            links: Links::default(),
            deeds: Deeds::default(),
            claimed: vec!["10.22.0.5".parse().unwrap(), "10.22.0.9".parse().unwrap()],
            config: config(json!({})),
            arguments: Vec::new(),
            previous: None,
            picture,
        };
        for name in ["veth0", "eth0"] {
            let id = scene.picture.id(name);
            scene.links.insert(id, made(name));
        }
        let eth0 = scene.picture.id("eth0");
        scene.deeds.added.push((eth0, "10.22.0.5/16".parse().unwrap()));
        let lo = scene.picture.id("lo");
        scene.deeds.show(lo, "lo");
        scene
    }

    fn given(mut self, config_with: Value) -> Self {
        self.config = config(config_with);
        self
    }

    fn after(mut self, previous: Value) -> Self {
        self.previous = Some(attachment(&previous));
        self
    }

    fn check(&mut self, result: &Value) -> Result<(), String> {
        let given = Given::new(&self.config, self.arguments.clone(), &self.deeds.read);
        let request = Request {
            links: &self.links,
            deeds: &self.deeds,
            claimed: &self.claimed,
            given: &given,
        };
        Truth::new(&mut self.picture, Some(SANDBOX))
            .of_request(self.previous.as_ref(), request)
            .check_result(&attachment(result))
            .map_err(|error| error.message)
    }

    #[track_caller]
    fn is_true(&mut self, result: &Value) {
        assert_eq!(self.check(result), Ok(()), "{result}");
    }

    #[track_caller]
    fn is_untrue(&mut self, result: &Value, words: &str) {
        let error = self.check(result).expect_err(&result.to_string());
        assert!(error.contains(words), "{result}: no {words:?} in {error:?}");
    }
}

fn made(name: &str) -> KnownLink {
    KnownLink {
        plugin: "test".to_owned(),
        name: name.to_owned(),
        mac: MacAddress([2; 6]),
        ownership: Ownership::Own,
        peer: None,
    }
}

fn config(with: Value) -> PluginConfig {
    let mut config = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "test" });
    config
        .as_object_mut()
        .unwrap()
        .extend(with.as_object().unwrap().clone());
    PluginConfig::parse(config.to_string()).unwrap()
}

fn attachment(result: &Value) -> Attachment {
    serde_json::from_value(result.clone()).unwrap()
}

fn eth0() -> Value {
    json!({ "name": "eth0", "sandbox": SANDBOX })
}

/// A result with `eth0` and an address on it.
fn on_eth0(ip: Value) -> Value {
    json!({ "interfaces": [eth0()], "ips": [ip] })
}
