use cofferdam_policy::PolicyError;
use cofferdam_sandbox::StoreError;

/// Where a broker works: the same error is mended in another way there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workplace {
    /// A node: components are installed there, and policies are its operator's.
    #[default]
    Node,
    /// A scenario, whose file says which components and policies there are.
    Scenario,
    /// A recorded call that is run again, with what was recorded.
    Recording,
}

impl Workplace {
    /// Why there is no component for a plugin.
    pub(crate) fn no_component(self, error: &StoreError) -> String {
        match (self, error) {
            (Self::Scenario, StoreError::UnknownPlugin { name, .. }) => format!(
                "no component takes part as plugin {name:?}: name its project or its file in [plugins], or give it with \
                 --component FILE.wasm"
            ),
            (Self::Recording, StoreError::UnknownPlugin { name, .. }) => format!(
                "the recorded call did not come to plugin {name:?}, so there is neither a component nor a policy of it in \
                 the recording: what it would do is not to be seen here"
            ),
            _ => error.to_string(),
        }
    }

    /// Why there is no policy for a plugin.
    pub(crate) fn no_policy(self, error: &PolicyError) -> String {
        match (self, error) {
            (Self::Scenario, PolicyError::Missing { plugin, .. }) => format!(
                "plugin {plugin:?} has no policy here, so nothing is granted to it: name its file {plugin}.toml, or the \
                 directory that it is in, in `policy`, or write its text, a [plugin.{plugin}] table, into \
                 `policy-of.{plugin}`"
            ),
            (Self::Recording, PolicyError::Missing { plugin, .. }) => format!(
                "the recording has no policy of plugin {plugin:?}, which the recorded call did not come to: nothing is \
                 granted to it here"
            ),
            _ => error.to_string(),
        }
    }

    /// How a component gets the signature that it has to have.
    pub(crate) fn signing(self) -> &'static str {
        match self {
            Self::Node => {
                "have it signed (cofferctl sign --key FILE.key COMPONENT.wasm), and add it again with its signature \
                 beside it (cofferctl component add COMPONENT.wasm)"
            }
            Self::Scenario | Self::Recording => {
                "sign it as it is built now: cofferctl sign --key FILE.key COMPONENT.wasm writes COMPONENT.wasm.sig \
                 beside it"
            }
        }
    }

    /// Where all fields of a plugin's configuration are told.
    pub(crate) fn fields(self, plugin: &str) -> String {
        match self {
            Self::Node => format!("`cofferctl component inspect {plugin}` shows all fields"),
            Self::Scenario | Self::Recording => {
                "`cofferctl inspect FILE.wasm` of its component shows all fields".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const ALL: [Workplace; 3] = [Workplace::Node, Workplace::Scenario, Workplace::Recording];

    #[test]
    fn only_operators_are_told_of_a_store_and_of_the_nodes_directories() {
        let component = StoreError::UnknownPlugin {
            name: "bridge".to_owned(),
            path: PathBuf::from("/var/lib/cofferdam/plugins/bridge"),
        };
        let policy = PolicyError::Missing {
            plugin: "bridge".to_owned(),
            path: PathBuf::from("/etc/cofferdam/policy.d/bridge.toml"),
        };
        for workplace in ALL {
            let is_node = workplace == Workplace::Node;
            let (component, policy) = (workplace.no_component(&component), workplace.no_policy(&policy));
            assert!(component.contains("\"bridge\""), "{component}");
            assert!(policy.contains("bridge"), "{policy}");
            assert_eq!(component.contains("component add"), is_node, "{component}");
            assert_eq!(policy.contains("/etc/cofferdam"), is_node, "{policy}");
            assert_eq!(workplace.signing().contains("component add"), is_node);
            assert_eq!(workplace.fields("bridge").contains("component inspect"), is_node);
        }
    }

    #[test]
    fn what_has_one_way_out_only_is_the_same_everywhere() {
        for workplace in ALL {
            let told = workplace.no_policy(&PolicyError::Name("-".to_owned()));
            assert_eq!(told, PolicyError::Name("-".to_owned()).to_string());
        }
    }
}
