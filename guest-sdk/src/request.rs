use serde::de::DeserializeOwned;

use crate::{Arguments, Attachment, Failure, Namespace, bindings::plugin, codes, config};

/// A request about one attachment.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::Nothing, Failure, Request};
/// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
/// let link = request.container()?.find(&request.interface_name)?;
/// let mut attachment = request.required_previous()?.clone();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Request<C> {
    /// `CNI_CONTAINERID`; it keeps to the specification's grammar.
    pub container_id: String,
    /// `CNI_IFNAME`, likewise.
    pub interface_name: String,
    /// The network's name.
    pub network: String,
    /// `CNI_ARGS`.
    pub args: Arguments,
    /// The plugin's configuration.
    pub config: C,
    /// Capability arguments as JSON; see [`Request::capabilities`].
    pub runtime_config: Option<String>,
    /// `prevResult`; see [`Request::required_previous`].
    pub previous: Option<Attachment>,
    /// False when the container's namespace is gone or was not given, which
    /// only DEL has to expect.
    pub namespace_exists: bool,
}

impl<C> Request<C> {
    /// Decodes the capability arguments (`runtimeConfig`); without any, the
    /// default.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{config::Nothing, Failure, Request};
    /// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
    /// #[derive(Default, serde::Deserialize)]
    /// #[serde(default)]
    /// struct Capabilities {
    ///     mac: Option<String>,
    /// }
    ///
    /// let capabilities: Capabilities = request.capabilities()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A value is of the wrong type.
    pub fn capabilities<T: DeserializeOwned + Default>(&self) -> Result<T, Failure> {
        match &self.runtime_config {
            Some(text) => config::parse_at("runtimeConfig", text),
            None => Ok(T::default()),
        }
    }

    /// The previous result, for what can't do without one.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{config::Nothing, Failure, Request};
    /// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
    /// let addresses = &request.required_previous()?.addresses;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// There is none.
    pub fn required_previous(&self) -> Result<&Attachment, Failure> {
        self.previous
            .as_ref()
            .ok_or_else(|| Failure::new(codes::INVALID_CONFIG, "Required prevResult missing"))
    }

    /// The container's namespace.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{config::Nothing, Failure, Request};
    /// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
    /// request.container()?.find("lo")?.set_up()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// It is gone.
    pub fn container(&self) -> Result<Namespace, Failure> {
        Ok(Namespace::container()?)
    }

    /// The container's namespace, if it still is there.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{config::Nothing, Failure, Request};
    /// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
    /// if let Some(container) = request.container_if_exists()? {
    ///     container.find("lo")?.set_down()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Everything but its absence.
    pub fn container_if_exists(&self) -> Result<Option<Namespace>, Failure> {
        use crate::Outcome as _;
        if !self.namespace_exists {
            return Ok(None);
        }
        Ok(Namespace::container().optional()?)
    }
}

impl<C> Request<C> {
    pub(crate) fn new(request: plugin::Request, config: C) -> Self {
        Self {
            container_id: request.container_id,
            interface_name: request.interface_name,
            network: request.network,
            args: request.args.into(),
            config,
            runtime_config: request.runtime_config,
            previous: request.previous.map(Into::into),
            namespace_exists: request.namespace_exists,
        }
    }
}

/// Names one attachment of a network.
///
/// ```
/// # use cofferdam_guest_sdk::AttachmentId;
/// let id = AttachmentId { container_id: "c1".to_owned(), interface_name: "eth0".to_owned() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentId {
    /// `CNI_CONTAINERID`.
    pub container_id: String,
    /// `CNI_IFNAME`.
    pub interface_name: String,
}

/// A request about a network as a whole.
///
/// ```
/// # use cofferdam_guest_sdk::NetworkRequest;
/// fn is_in_use<C>(request: &NetworkRequest<C>, container_id: &str) -> bool {
///     request.valid_attachments.iter().any(|valid| valid.container_id == container_id)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct NetworkRequest<C> {
    /// The network's name.
    pub network: String,
    /// The plugin's configuration.
    pub config: C,
    /// GC only: the attachments that are still in use. Whatever else this
    /// network has is stale.
    pub valid_attachments: Vec<AttachmentId>,
}

impl<C> NetworkRequest<C> {
    pub(crate) fn new(request: plugin::NetworkRequest, config: C) -> Self {
        Self {
            network: request.network,
            config,
            valid_attachments: request
                .valid_attachments
                .into_iter()
                .map(|id| AttachmentId {
                    container_id: id.container_id,
                    interface_name: id.interface_name,
                })
                .collect(),
        }
    }
}
