use cofferdam_tests::{Container, Output, bridge_network, with};
use serde_json::{Value, json};

use crate::workplace::Workplace;

/// A container that bridge attached, and what was told of it.
struct Before {
    container: Container,
    result: Value,
}

impl Before {
    fn new(workplace: &Workplace) -> Self {
        let container = Container::new("c1");
        let result = workplace.site.add(&container, &bridge_network("1.1.0"));
        // Other plugins tell of the MTU.
        let result = with_mtu(&result, 1500);
        Self { container, result }
    }

    fn mtu(&self) -> Value {
        self.container.namespace.link("eth0").unwrap()["mtu"].clone()
    }

    fn call(&self, workplace: &Workplace, verb: &str, config: &Value) -> Output {
        let site = &workplace.site;
        site.call(verb, &self.container, config).plugin("cofferdam").run()
    }

    fn end(self, workplace: &Workplace) {
        workplace.site.del(&self.container, &bridge_network("1.1.0"));
    }
}

fn config(keys: Value, previous: &Value) -> Value {
    let config = json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam", "plugin": "mtu-cap",
        "prevResult": previous });
    with(config, keys)
}

/// An ADD that has something to do.
fn lower(workplace: &Workplace) -> Output {
    let before = Before::new(workplace);
    let config = config(json!({ "maxMtu": 1400 }), &before.result);
    let output = before.call(workplace, "ADD", &config);
    before.end(workplace);
    output
}

pub(crate) fn an_mtu_above_the_maximum_is_lowered_and_goes_back(workplace: &Workplace) {
    let before = Before::new(workplace);
    let capped = config(json!({ "maxMtu": 1400 }), &before.result);
    let result = before.call(workplace, "ADD", &capped).result();
    assert_eq!(before.mtu(), 1400);
    let expected = with_mtu(&before.result, 1400);
    assert_eq!(result, expected, "only the MTU is another one");
    let checked = config(json!({ "maxMtu": 1400 }), &result);
    before.call(workplace, "CHECK", &checked).silent_success();
    before.call(workplace, "DEL", &checked).silent_success();
    assert_eq!(before.mtu(), 1500);
    before.end(workplace);
}

fn with_mtu(result: &Value, mtu: u32) -> Value {
    let mut result = result.clone();
    result["interfaces"][2]["mtu"] = mtu.into();
    result
}

pub(crate) fn an_mtu_below_the_maximum_stays(workplace: &Workplace) {
    let before = Before::new(workplace);
    let capped = config(json!({ "maxMtu": 9000 }), &before.result);
    assert_eq!(before.call(workplace, "ADD", &capped).result(), before.result);
    assert_eq!(before.mtu(), 1500);
    before.call(workplace, "DEL", &capped).silent_success();
    before.end(workplace);
}

pub(crate) fn check_tells_when_somebody_raised_it(workplace: &Workplace) {
    let before = Before::new(workplace);
    let capped = config(json!({ "maxMtu": 1400 }), &before.result);
    let result = before.call(workplace, "ADD", &capped).result();
    let namespace = &before.container.namespace;
    namespace.ip(&["link", "set", "eth0", "mtu", "1450"]);
    // What the result says of the MTU is true again.
    let checked = config(json!({ "maxMtu": 1400 }), &with_mtu(&result, 1450));
    let error = before.call(workplace, "CHECK", &checked).error();
    assert_eq!(
        (error.code, error.message.as_str()),
        (107, "the MTU of \"eth0\" is 1450, more than maxMtu 1400")
    );
    before.call(workplace, "DEL", &checked).silent_success();
    before.end(workplace);
}

pub(crate) fn a_denial_of_the_host_comes_out_whole(workplace: &Workplace) {
    let installation = workplace.site.installation();
    let policy = installation.root().join("etc/cofferdam/policy.d/mtu-cap.toml");
    let granted = std::fs::read_to_string(policy).unwrap();
    installation.policy("mtu-cap.toml", &granted.replace("[\"mtu\"]", "[\"up\"]"));
    let error = lower(workplace).error();
    installation.policy("mtu-cap.toml", &granted);
    assert_eq!(
        (error.code, error.message.as_str(), error.details.as_str()),
        (
            100,
            "link.set is not granted for mtu of veth \"eth0\" in the container namespace",
            "missing grant: { allow = \"link.set\", in = \"container\", kinds = [\"veth\"], names = [\"eth0\"], \
             settings = [\"mtu\"] }"
        )
    );
}

pub(crate) fn a_configuration_without_sense_is_refused_by_name(workplace: &Workplace) {
    let before = Before::new(workplace);
    for (keys, code, message) in [
        (json!({}), 7, "maxMtu is missing"),
        (json!({ "maxMtu": null }), 7, "maxMtu is missing"),
        (
            json!({ "maxMtu": 20 }),
            7,
            "maxMtu is 20, which is not from 68 to 65535",
        ),
        (json!({ "maxMtu": "much" }), 6, "maxMtu"),
        (json!({ "maxMtu": 1.5 }), 6, "maxMtu"),
    ] {
        let error = before
            .call(workplace, "ADD", &config(keys.clone(), &before.result))
            .error();
        assert_eq!(error.code, code, "{keys}: {error:?}");
        assert!(error.message.contains(message), "{keys}: {error:?}");
    }
    let alone = with(
        config(json!({ "maxMtu": 1400 }), &Value::Null),
        json!({ "prevResult": null }),
    );
    let error = before.call(workplace, "ADD", &alone).error();
    assert_eq!((error.code, error.message.as_str()), (7, "Required prevResult missing"));
    assert_eq!(before.mtu(), 1500);
    before.end(workplace);
}
