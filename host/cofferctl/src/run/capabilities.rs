//! What is asked of the networks' plugins by options, as CNI has it: capability
//! arguments, for the plugins that declare them.

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use cofferdam_protocol::{NetworkList, json::Node};
use serde_json::{Value, json};

use super::{
    bandwidth::{self, Limit},
    name_resolution,
    publish::{self, PublishedPort},
};

const PORT_MAPPINGS: &str = "portMappings";
const BANDWIDTH: &str = "bandwidth";
const DNS: &str = "dns";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Leads a port of the node to one of the container; can be given several
    /// times. PROTOCOL is tcp, udp or sctp. Of several networks the first one
    /// that publishes ports does.
    #[arg(short, long, value_name = publish::FORM)]
    publish: Vec<PublishedPort>,
    /// Limits what the container gets (ingress) or sends (egress), on each
    /// network: bits a second, and bits at once after a pause, with k, M or G.
    /// Without BURST it is what passes in a tenth of a second.
    #[arg(long, value_name = bandwidth::FORM, value_delimiter = ',')]
    bandwidth: Vec<Limit>,
    #[command(flatten)]
    name_resolution: name_resolution::Options,
    /// Other capability arguments: a JSON object.
    #[arg(long, value_name = "JSON")]
    cap_args: Option<String>,
}

/// An argument, and which option asks for it.
struct Asked {
    option: &'static str,
    capability: String,
    value: Node,
}

impl Options {
    /// The plugins that carry out what is asked for, besides the one that makes
    /// the interface.
    pub(super) fn plugins(&self) -> Vec<Value> {
        let mut plugins = Vec::new();
        if !self.publish.is_empty() {
            plugins.push(json!({ "type": "portmap", "capabilities": { PORT_MAPPINGS: true } }));
        }
        if !self.bandwidth.is_empty() {
            plugins.push(json!({ "type": "bandwidth", "capabilities": { BANDWIDTH: true } }));
        }
        plugins
    }

    /// What is asked for name resolution.
    pub(super) fn name_resolution(&self) -> &name_resolution::Options {
        &self.name_resolution
    }

    /// The capability arguments of each network.
    pub(super) fn arguments(&self, networks: &[NetworkList]) -> anyhow::Result<Vec<Option<Node>>> {
        let asked = self.asked()?;
        for asked in &asked {
            refuse_lost(asked, networks)?;
        }
        let publishes = networks.iter().position(|network| declares(network, PORT_MAPPINGS));
        let arguments = (0..networks.len()).map(|number| {
            let of_this = asked.iter().filter(|asked| {
                // No two attachments can have a port of the node.
                asked.capability != PORT_MAPPINGS || publishes == Some(number)
            });
            let object: Vec<(String, Node)> = of_this
                .map(|asked| (asked.capability.clone(), asked.value.clone()))
                .collect();
            (!object.is_empty()).then_some(Node::Object(object))
        });
        Ok(arguments.collect())
    }

    fn asked(&self) -> anyhow::Result<Vec<Asked>> {
        let mut asked = Vec::new();
        if !self.publish.is_empty() {
            let mappings = self.publish.iter().map(PublishedPort::mapping).collect();
            asked.push(Asked::by("--publish", PORT_MAPPINGS, Value::Array(mappings))?);
        }
        if !self.bandwidth.is_empty() {
            let limits = bandwidth::bandwidth(&self.bandwidth)?;
            asked.push(Asked::by("--bandwidth", BANDWIDTH, limits)?);
        }
        if let Some(capability) = self.name_resolution.capability() {
            asked.push(Asked::by("--dns", DNS, capability)?);
        }
        for (capability, value) in self.other()? {
            if let Some(twice) = asked.iter().find(|asked| asked.capability == capability) {
                bail!("--cap-args: {capability} is asked for by {} as well", twice.option);
            }
            asked.push(Asked {
                option: "--cap-args",
                capability,
                value,
            });
        }
        Ok(asked)
    }

    fn other(&self) -> anyhow::Result<Vec<(String, Node)>> {
        let Some(text) = &self.cap_args else {
            return Ok(Vec::new());
        };
        let node = Node::parse(text).context("--cap-args is not JSON")?;
        ensure!(
            matches!(node, Node::Object(_)),
            "--cap-args is {}, not an object such as {{ \"mac\": \"c2:11:22:33:44:55\" }}",
            node.kind()
        );
        Ok(node.entries().to_vec())
    }
}

impl Asked {
    fn by(option: &'static str, capability: &str, value: Value) -> anyhow::Result<Self> {
        Ok(Self {
            option,
            capability: capability.to_owned(),
            value: Node::parse(&value.to_string())?,
        })
    }
}

fn declares(network: &NetworkList, capability: &str) -> bool {
    let mut declared = network.plugins.iter().flat_map(|plugin| &plugin.capabilities);
    declared.any(|declared| declared == capability)
}

/// What no plugin declares would be passed over without a word.
fn refuse_lost(asked: &Asked, networks: &[NetworkList]) -> anyhow::Result<()> {
    // Who tells the command itself needs no plugin for it.
    if asked.capability == DNS && asked.option != "--cap-args" {
        return Ok(());
    }
    if networks.iter().any(|network| declares(network, &asked.capability)) {
        return Ok(());
    }
    let names: Vec<String> = networks.iter().map(|network| format!("{:?}", network.name)).collect();
    let (option, capability) = (asked.option, &asked.capability);
    let plugin = match capability.as_str() {
        PORT_MAPPINGS => {
            r#"add { "type": "portmap", "capabilities": { "portMappings": true } } to its plugins"#.to_owned()
        }
        BANDWIDTH => r#"add { "type": "bandwidth", "capabilities": { "bandwidth": true } } to its plugins"#.to_owned(),
        _ => format!(r#"have the plugin that understands it say "capabilities": {{ {capability:?}: true }}"#),
    };
    bail!(
        "{option}: no plugin of network {} has the capability {capability}, so nothing would come of it; {plugin}, or \
         join another network with --net",
        names.join(" or ")
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn options(words: &[&str]) -> Options {
        Command::try_parse_from([&["command"], words].concat()).unwrap().options
    }

    fn network(name: &str, capabilities: Value) -> NetworkList {
        let plugin = json!({ "type": "any", "capabilities": capabilities });
        NetworkList::parse(&json!({ "cniVersion": "1.0.0", "name": name, "plugins": [plugin] }).to_string()).unwrap()
    }

    fn documents(arguments: Vec<Option<Node>>) -> Value {
        json!(arguments.iter().map(|node| json!(node)).collect::<Vec<Value>>())
    }

    #[test]
    fn ports_are_published_once_and_all_else_is_for_every_network() {
        let both = json!({ "portMappings": true, "bandwidth": true });
        let networks = [
            network("a", json!({ "bandwidth": true })),
            network("b", both.clone()),
            network("c", both),
        ];
        let options = options(&["-p", "8080:80", "--bandwidth", "egress=1M/2M"]);
        let limit = json!({ "egressRate": 1_000_000, "egressBurst": 2_000_000 });
        let port = json!({ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" });
        assert_eq!(
            documents(options.arguments(&networks).unwrap()),
            json!([
                { "bandwidth": limit },
                { "portMappings": [port], "bandwidth": limit },
                { "bandwidth": limit },
            ])
        );
    }

    #[test]
    fn what_no_plugin_takes_is_refused_with_the_way_out() {
        let networks = [network("blue", json!({ "mac": true })), network("green", json!({}))];
        for (words, said) in [
            (
                ["--publish", "8080:80"],
                r#"--publish: no plugin of network "blue" or "green" has the capability portMappings"#,
            ),
            (["--bandwidth", "egress=1M"], r#""type": "bandwidth""#),
            (["--cap-args", r#"{"ips":[]}"#], r#""capabilities": { "ips": true }"#),
        ] {
            let error = options(&words).arguments(&networks).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("--net"), "{error}");
        }
        let dns = options(&["--dns", "192.0.2.53"]).arguments(&networks).unwrap();
        assert_eq!(dns.len(), 2, "the command is told by its own file");
    }

    #[test]
    fn a_capability_is_asked_for_in_one_way() {
        let networks = [network("blue", json!({ "bandwidth": true }))];
        let twice = ["--bandwidth", "egress=1M", "--cap-args", r#"{"bandwidth":{}}"#];
        let error = options(&twice).arguments(&networks).unwrap_err().to_string();
        assert!(error.contains("asked for by --bandwidth as well"), "{error}");
    }

    #[test]
    fn each_option_names_itself_and_its_form() {
        for (option, value, form) in [
            ("--publish", "80", publish::FORM),
            ("--bandwidth", "10M", bandwidth::FORM),
            ("--dns", "ns.example", "IP address"),
            ("--dns-search", "a b", "one word"),
            ("--dns-option", "a b", "one word"),
        ] {
            let error = Command::try_parse_from(["command", option, value])
                .unwrap_err()
                .to_string();
            assert!(error.contains(option) && error.contains(form), "{error}");
        }
    }
}
