//! The example `remote-address`: addresses that a service decides on.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    sync::{Arc, Mutex},
};

use cofferdam_tests::{Asked, Authority, Container, Products, Service, needs_kernel, with};
use serde_json::{Value, json};

use crate::node::{ADDRESS, Node, TOKEN, no_courier_is_left, respond};

const PACKAGE: &str = "cofferdam-cookbook-remote-address";

/// What the service has given out, by attachment.
type Pool = Arc<Mutex<BTreeMap<String, u8>>>;

/// An address management server, as a user would have one.
struct Ipam {
    node: Node,
    service: Service,
    pool: Pool,
    origin: String,
}

impl Ipam {
    fn new() -> Self {
        let node = Node::new();
        let pool = Pool::default();
        let authority = Authority::new(&format!("IP:{ADDRESS}"));
        let given = Arc::clone(&pool);
        let service = Service::start_secure(node.site.node(), ADDRESS, &authority, move |asked, out| {
            answer(&given, asked, out)
        });
        let origin = format!("https://{}", service.address());
        let installation = node.site.installation();
        let component = fs::read(Products::locate().component(PACKAGE)).unwrap();
        let _ = installation
            .add_component("remote-address", &component)
            .printed("component add");
        node.credential("ipam", TOKEN);
        node.authority("lab", &authority.pem());
        let policy = Products::workspace().join("guest-sdk/cookbook/remote-address/policy.d/remote-address.toml");
        let policy = fs::read_to_string(policy).unwrap();
        assert!(policy.contains("https://ipam.example:8443"));
        let policy = policy.replace("https://ipam.example:8443", &origin);
        installation.policy("remote-address.toml", &format!("{policy}ca = \"lab\"\n"));
        installation.policy(
            "bridge.remote.toml",
            "[plugin.bridge]\n[[plugin.bridge.grant]]\nallow = \"ipam.delegate\"\nplugins = [\"remote-address\"]\n",
        );
        Self {
            node,
            service,
            pool,
            origin,
        }
    }

    fn config(&self) -> Value {
        json!({
            "cniVersion": "1.1.0", "name": "blue", "type": "bridge", "bridge": "cni0", "isGateway": true,
            "ipam": { "type": "remote-address", "service": format!("{}/v1", self.origin) },
        })
    }

    fn given(&self) -> Vec<String> {
        self.pool.lock().unwrap().keys().cloned().collect()
    }
}

fn answer(pool: &Pool, asked: &Asked, out: &mut dyn Write) -> io::Result<()> {
    if asked.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return respond(out, 401, "who are you?");
    }
    let mut pool = pool.lock().unwrap();
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let told = |given: u8| {
        json!({
            "address": format!("10.31.0.{given}/24"), "gateway": "10.31.0.1", "routes": [{ "dst": "0.0.0.0/0" }],
        })
        .to_string()
    };
    match (asked.method.as_str(), path) {
        ("POST", "/v1/addresses") => {
            let wanted = asked.json();
            let word = |key: &str| wanted[key].as_str().unwrap().to_owned();
            let attachment = format!(
                "network={}&container={}&interface={}",
                word("network"),
                word("container"),
                word("interface")
            );
            let free = (5..=6).find(|number| !pool.values().any(|given| given == number));
            match (pool.get(&attachment).copied(), free) {
                (Some(given), _) => respond(out, 200, &told(given)),
                (None, Some(free)) => {
                    pool.insert(attachment, free);
                    respond(out, 201, &told(free))
                }
                (None, None) => respond(out, 409, "all addresses of blue are given out"),
            }
        }
        ("GET", "/v1/addresses") => match pool.get(query) {
            Some(given) => respond(out, 200, &told(*given)),
            None => respond(out, 404, ""),
        },
        ("DELETE", "/v1/addresses") => {
            let status = if pool.remove(query).is_some() { 204 } else { 404 };
            write!(out, "HTTP/1.1 {status} Whatever\r\ncontent-length: 0\r\n\r\n")
        }
        ("POST", "/v1/addresses/collect") => {
            let told = asked.json();
            let valid: Vec<String> = told["valid"]
                .as_array()
                .unwrap()
                .iter()
                .map(|id| {
                    format!(
                        "network=blue&container={}&interface={}",
                        id["container"], id["interface"]
                    )
                    .replace('"', "")
                })
                .collect();
            pool.retain(|attachment, _| valid.contains(attachment));
            respond(out, 200, "{}")
        }
        _ => respond(out, 400, "what?"),
    }
}

#[test]
fn containers_get_addresses_of_the_service_and_give_them_back() {
    needs_kernel!();
    let ipam = Ipam::new();
    let (site, config) = (&ipam.node.site, ipam.config());
    let before = site.snapshot();
    let pods = [Container::new("one"), Container::new("two")];
    let results = pods.each_ref().map(|pod| site.add(pod, &config));
    for ((pod, result), address) in pods.iter().zip(&results).zip(["10.31.0.5/24", "10.31.0.6/24"]) {
        assert_eq!(result["ips"][0]["address"], address);
        assert_eq!(result["ips"][0]["gateway"], "10.31.0.1");
        assert_eq!(result["routes"], json!([{ "dst": "0.0.0.0/0" }]));
        assert_eq!(pod.namespace.addresses("eth0"), [address]);
        site.check(pod, &config, result).silent_success();
    }
    let server = cofferdam_tests::EchoServer::start(&pods[1].namespace);
    assert!(
        cofferdam_tests::answers(&pods[0].namespace, "10.31.0.6", &server),
        "the addresses work"
    );
    let full = site.try_add(&Container::new("three"), &config).error();
    assert!(
        full.text().contains("answered 409") && full.text().contains("are given out"),
        "{full:?}"
    );

    ipam.pool.lock().unwrap().clear();
    let gone = site.check(&pods[0], &config, &results[0]).error();
    assert_eq!(gone.code, 107, "{gone:?}");
    for pod in &pods {
        site.del(pod, &config);
        site.del(pod, &config);
    }
    assert_eq!(ipam.given(), [""; 0]);
    before.assert_same(&site.snapshot());
    assert!(
        ipam.service
            .asked()
            .iter()
            .all(|asked| asked.header("authorization").is_some())
    );
    no_courier_is_left(site);
}

#[test]
fn an_add_that_fails_later_is_undone_and_its_del_gives_the_address_back() {
    needs_kernel!();
    let ipam = Ipam::new();
    let site = &ipam.node.site;
    // The address lies in no network that the bridge may give.
    let policy = site.installation().root().join("etc/cofferdam/policy.d/bridge.toml");
    let text = fs::read_to_string(&policy).unwrap();
    let narrow = "allow = [\"address.see\", \"address.add\"]\nin = \"container\"";
    assert!(text.contains(narrow));
    fs::write(
        &policy,
        text.replace(
            narrow,
            "allow = \"address.add\"\nin = \"container\"\nprefixes = [\"10.32.0.0/16\"]",
        ),
    )
    .unwrap();
    let (container, before) = (Container::new("c1"), site.snapshot());
    let denied = site.try_add(&container, &ipam.config()).error();
    assert!(denied.text().contains("address.add is not granted"), "{denied:?}");
    before.assert_same(&site.snapshot());
    // The host can't know what a service did.
    assert_eq!(ipam.given().len(), 1);
    site.del(&container, &ipam.config());
    assert_eq!(ipam.given(), [""; 0]);
    before.assert_same(&site.snapshot());
}

#[test]
fn a_service_that_is_down_fails_an_add_and_no_del() {
    needs_kernel!();
    let mut ipam = Ipam::new();
    let config = ipam.config();
    let container = Container::new("c1");
    ipam.node.site.add(&container, &config);
    // Another one, that nobody asks.
    ipam.service = ipam.node.friendly();
    let site = &ipam.node.site;
    site.del(&container, &config);
    assert_eq!(ipam.given().len(), 1, "the service did not hear of it");
    let down = site.failed_add(&config);
    assert!(down.details.contains("errno 111"), "{down:?}");
}

#[test]
fn gc_gives_back_what_no_del_did() {
    needs_kernel!();
    let ipam = Ipam::new();
    let (site, config) = (&ipam.node.site, ipam.config());
    let (stays, goes) = (Container::new("stays"), Container::new("goes"));
    site.add(&stays, &config);
    site.add(&goes, &config);
    let valid = with(
        config,
        json!({ "cni.dev/valid-attachments": [{ "containerID": "stays", "ifname": "eth0" }] }),
    );
    site.call("GC", &stays, &valid).run().silent_success();
    assert_eq!(ipam.given(), ["network=blue&container=stays&interface=eth0"]);
    assert_eq!(goes.namespace.link("eth0"), None);
    assert!(stays.namespace.link("eth0").is_some());
}

#[test]
fn a_neighbours_address_is_not_given_however_the_service_errs() {
    needs_kernel!();
    let ipam = Ipam::new();
    let (site, config) = (&ipam.node.site, ipam.config());
    let (one, two) = (Container::new("one"), Container::new("two"));
    site.add(&one, &config);
    ipam.pool.lock().unwrap().clear();
    let taken = site.try_add(&two, &config).error();
    assert!(
        taken.text().contains("10.31.0.5") && taken.text().contains("one"),
        "{taken:?}"
    );
    assert_eq!(one.namespace.addresses("eth0"), ["10.31.0.5/24"]);
}

#[test]
fn a_plan_sends_nothing_and_says_so() {
    needs_kernel!();
    let ipam = Ipam::new();
    let file = ipam.node.site.installation().root().join("blue.conf");
    fs::write(&file, ipam.config().to_string()).unwrap();
    let plan = ipam.node.site.cofferctl(&["plan", file.to_str().unwrap()]);
    assert_eq!(plan.code, Some(1), "{plan:?}");
    let whom = format!(
        "plugin remote-address asks a service, which a plan does not: POST {}/v1/addresses",
        ipam.origin
    );
    for words in [&whom, "\"container\":\"plan\"", "--answers FILE", "http.request"] {
        assert!(plan.stdout.contains(words), "{words}: {plan:?}");
    }
    let end = &ipam.node.site.cofferctl_json(&["plan", file.to_str().unwrap()])["end"];
    assert_eq!(end["unanswered"]["plugin"], "remote-address", "{end:#}");
    assert_eq!((&end["error"], &end["result"]), (&Value::Null, &Value::Null), "{end:#}");
    assert_eq!(ipam.service.asked(), []);
}

#[test]
fn a_plan_goes_on_with_the_answers_that_it_is_given() {
    needs_kernel!();
    let ipam = Ipam::new();
    let root = ipam.node.site.installation().root();
    let (file, answers) = (root.join("blue.conf"), root.join("answers.toml"));
    fs::write(&file, ipam.config().to_string()).unwrap();
    let answer = |container: &str| {
        let url = format!("{}/v1/addresses", ipam.origin);
        let request = json!({ "container": container });
        let body = r#"{ address = "10.31.0.5/24", gateway = "10.31.0.1" }"#;
        let text = format!("[[http]]\nmethod = \"POST\"\nurl = \"{url}\"\nrequest = '{request}'\nbody = {body}\n");
        fs::write(&answers, text).unwrap();
    };
    let words = ["plan", file.to_str().unwrap(), "--answers", answers.to_str().unwrap()];

    answer("plan");
    let plan = ipam.node.site.cofferctl_json(&words);
    assert_eq!(plan["succeeds"], true, "{plan:#}");
    assert_eq!(plan["end"]["result"]["ips"][0]["address"], "10.31.0.5/24", "{plan:#}");

    answer("another");
    let plan = ipam.node.site.cofferctl_json(&words);
    assert_eq!(plan["end"]["unanswered"]["plugin"], "remote-address", "{plan:#}");

    fs::write(&answers, "[[http]]\nmethod = \"POST\"\n").unwrap();
    let refused = ipam.node.site.cofferctl(&words);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("answers.toml:1: "), "{refused:?}");
    assert_eq!(ipam.service.asked(), []);
}

#[test]
fn the_component_says_what_it_can_ask_for() {
    let products = Products::locate();
    let mut inspect = std::process::Command::new(products.cofferctl());
    let ended = cofferdam_tests::finish(inspect.arg("inspect").arg(products.component(PACKAGE)), b"");
    let said = ended.printed("cofferctl inspect");
    for words in ["can send HTTP requests to services", "ipam.service", "http.request"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn its_scenarios_pass() {
    let products = Products::locate();
    let scenarios = Products::workspace().join("guest-sdk/cookbook/remote-address/scenarios/remote-address.toml");
    let mut test = std::process::Command::new(products.cofferctl());
    test.arg("test").arg("--cache").arg(products.target());
    test.arg("--component").arg(products.component(PACKAGE)).arg(scenarios);
    let ended = cofferdam_tests::finish(&mut test, b"");
    assert!(ended.printed("cofferctl test").ends_with(" 0 failed\n"));
}
