use cofferdam_protocol::{AttachmentKey, json::Node};

/// One container's membership in one network, as the runtime describes it to
/// the plugins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttachmentRequest {
    /// `CNI_CONTAINERID`.
    pub container_id: String,
    /// `CNI_NETNS`: path of the container's network namespace; empty when it
    /// is gone, which only DEL allows.
    pub netns: String,
    /// `CNI_IFNAME`: the interface's name in the container.
    pub interface_name: String,
    /// `CNI_ARGS`, pair by pair, in order.
    pub args: Vec<(String, String)>,
    /// An object with the capability arguments; each plugin gets those that
    /// its configuration has as true under `capabilities`.
    pub capability_args: Option<Node>,
}

impl AttachmentRequest {
    /// The names that the network knows this attachment by.
    #[must_use]
    pub fn key(&self) -> AttachmentKey {
        AttachmentKey {
            container_id: self.container_id.clone(),
            interface_name: self.interface_name.clone(),
        }
    }

    /// `CNI_ARGS` as one text.
    pub(crate) fn args_text(&self) -> String {
        let pairs: Vec<String> = self.args.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(";")
    }
}
