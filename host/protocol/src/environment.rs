use crate::{CniError, UnknownVerb, Verb, identifier};

/// What the variables of a call amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Nobody asked for anything: tell on stderr what this is, and succeed.
    About,
    /// A request.
    Request(Environment),
}

/// The variables of a request, checked as far as its verb needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// `CNI_COMMAND`. Unknown verbs are reported only after the network's name
    /// was checked.
    pub command: Result<Verb, UnknownVerb>,
    /// `CNI_CONTAINERID`; checked for ADD, DEL and CHECK, and not to be used
    /// for other verbs. Empty when missing.
    pub container_id: String,
    /// `CNI_NETNS`: a path. `None` when missing or empty.
    pub netns: Option<String>,
    /// `CNI_IFNAME`; checked like the container id.
    pub interface_name: String,
    /// `CNI_ARGS`, as it came. Empty when missing.
    pub args: String,
    /// `CNI_PATH`, as it came. Empty when missing.
    pub path: String,
    /// `CNI_NETNS_OVERRIDE`: `CNI_NETNS` may be the plugin's own namespace.
    pub netns_override: bool,
}

type Check = fn(&str) -> Result<(), CniError>;

/// In the order in which the reference library looks at them, so that the
/// first error is the same one.
const REQUIRED: [(&str, &[Verb], Option<Check>); 4] = [
    (
        "CNI_CONTAINERID",
        &[Verb::Add, Verb::Check, Verb::Del],
        Some(identifier::container_id),
    ),
    ("CNI_NETNS", &[Verb::Add, Verb::Check], None),
    (
        "CNI_IFNAME",
        &[Verb::Add, Verb::Check, Verb::Del],
        Some(identifier::interface_name),
    ),
    (
        "CNI_PATH",
        &[Verb::Add, Verb::Check, Verb::Del, Verb::Gc, Verb::Status],
        None,
    ),
];

impl Environment {
    /// Looks the variables up, and checks those that the verb requires. An
    /// empty variable is a missing one.
    ///
    /// # Errors
    /// A variable is missing or not valid (4).
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Invocation, CniError> {
        let value = |name: &str| variable(name).unwrap_or_default();
        let command = value("CNI_COMMAND");
        if command.is_empty() {
            return Ok(Invocation::About);
        }
        let command = command.parse();
        if let Ok(verb) = command {
            check(verb, &value)?;
        }
        Ok(Invocation::Request(Self {
            command,
            container_id: value("CNI_CONTAINERID"),
            netns: Some(value("CNI_NETNS")).filter(|path| !path.is_empty()),
            interface_name: value("CNI_IFNAME"),
            args: value("CNI_ARGS"),
            path: value("CNI_PATH"),
            netns_override: is_true(&value("CNI_NETNS_OVERRIDE")),
        }))
    }

    /// The directories of `CNI_PATH`, in order.
    pub fn plugin_directories(&self) -> impl Iterator<Item = &str> {
        self.path.split(':').filter(|path| !path.is_empty())
    }
}

fn check(verb: Verb, value: &dyn Fn(&str) -> String) -> Result<(), CniError> {
    let mut missing = Vec::new();
    for (name, _, check) in REQUIRED.into_iter().filter(|(_, verbs, _)| verbs.contains(&verb)) {
        let value = value(name);
        if value.is_empty() {
            missing.push(name);
        } else if let Some(check) = check {
            check(&value)?;
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(CniError::invalid_environment(format!(
        "required env variables [{}] missing",
        missing.join(",")
    )))
}

fn is_true(text: &str) -> bool {
    text == "1" || text.eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Invocation, CniError> {
        Environment::read(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn request(variables: &[(&str, &str)]) -> Environment {
        match read(variables).unwrap() {
            Invocation::Request(environment) => environment,
            Invocation::About => panic!("no request"),
        }
    }

    const FULL: [(&str, &str); 7] = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_CONTAINERID", "c1"),
        ("CNI_NETNS", "/run/netns/c1"),
        ("CNI_IFNAME", "eth0"),
        ("CNI_ARGS", "A=b;C=d"),
        ("CNI_PATH", "/opt/cni/bin:/usr/lib/cni"),
        ("CNI_NETNS_OVERRIDE", "TRUE"),
    ];

    #[test]
    fn a_full_environment_is_taken_as_it_is() {
        let environment = request(&FULL);
        assert_eq!(
            environment,
            Environment {
                command: Ok(Verb::Add),
                container_id: "c1".to_owned(),
                netns: Some("/run/netns/c1".to_owned()),
                interface_name: "eth0".to_owned(),
                args: "A=b;C=d".to_owned(),
                path: "/opt/cni/bin:/usr/lib/cni".to_owned(),
                netns_override: true,
            }
        );
        let directories: Vec<&str> = environment.plugin_directories().collect();
        assert_eq!(directories, ["/opt/cni/bin", "/usr/lib/cni"]);
    }

    #[test]
    fn each_verb_names_what_it_misses() {
        for (verb, missing) in [
            ("ADD", Some("CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH")),
            ("CHECK", Some("CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH")),
            ("DEL", Some("CNI_CONTAINERID,CNI_IFNAME,CNI_PATH")),
            ("GC", Some("CNI_PATH")),
            ("STATUS", Some("CNI_PATH")),
            ("VERSION", None),
            ("add", None),
        ] {
            let empty = [("CNI_COMMAND", verb), ("CNI_CONTAINERID", ""), ("CNI_PATH", "")];
            for variables in [&empty[..1], &empty[..]] {
                let error = read(variables).err().map(|error| (error.code, error.message));
                let expected = missing.map(|missing| (4, format!("required env variables [{missing}] missing")));
                assert_eq!(error, expected, "{verb}");
            }
        }
    }

    #[test]
    fn a_name_that_is_not_valid_comes_before_one_that_is_missing() {
        let error = read(&[("CNI_COMMAND", "ADD"), ("CNI_CONTAINERID", "../c1")]).unwrap_err();
        assert_eq!(error.message, "invalid characters in containerID");
        let error = read(&[("CNI_COMMAND", "DEL"), ("CNI_IFNAME", "a/b")]).unwrap_err();
        assert_eq!(error.message, "interface name contains / or : or whitespace characters");
    }

    #[test]
    fn verbs_that_do_not_need_a_name_do_not_look_at_it() {
        let environment = request(&[("CNI_COMMAND", "GC"), ("CNI_CONTAINERID", "../c1"), ("CNI_PATH", "/p")]);
        assert_eq!(environment.command, Ok(Verb::Gc));
    }

    #[test]
    fn without_a_command_it_tells_about_itself() {
        assert_eq!(read(&[]).unwrap(), Invocation::About);
        assert_eq!(
            read(&[("CNI_COMMAND", ""), ("CNI_CONTAINERID", "../c1")]).unwrap(),
            Invocation::About
        );
    }

    #[test]
    fn an_unknown_verb_is_kept_for_later() {
        let environment = request(&[("CNI_COMMAND", "FOO")]);
        assert_eq!(environment.command, Err(UnknownVerb("FOO".to_owned())));
    }

    #[test]
    fn the_override_is_one_or_true() {
        for (text, truth) in [("1", true), ("true", true), ("True", true), ("yes", false), ("", false)] {
            let environment = request(&[("CNI_COMMAND", "VERSION"), ("CNI_NETNS_OVERRIDE", text)]);
            assert_eq!(environment.netns_override, truth, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_has_valid_names(
            verb in "ADD|DEL|CHECK|GC|STATUS|VERSION|[A-Z]{0,3}",
            values in proptest::array::uniform6(".{0,20}"),
        ) {
            let read = Environment::read(|name| {
                let keys = ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH",
                    "CNI_NETNS_OVERRIDE"];
                if name == "CNI_COMMAND" {
                    return Some(verb.clone());
                }
                let position = keys.iter().position(|key| *key == name)?;
                Some(values[position].clone())
            });
            if let Ok(Invocation::Request(Environment {
                command: Ok(Verb::Add | Verb::Del | Verb::Check),
                container_id,
                interface_name,
                ..
            })) = read
            {
                prop_assert!(identifier::container_id(&container_id).is_ok());
                prop_assert!(identifier::interface_name(&interface_name).is_ok());
            }
        }
    }
}
