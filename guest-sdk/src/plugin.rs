use serde::de::DeserializeOwned;

use crate::{Attachment, Failure, Need, NetworkRequest, Request, config};

/// A plugin. The host calls one of these functions, of a fresh instance, for
/// each request.
///
/// ```
/// use cofferdam_guest_sdk::{
///     Attachment, Failure, Interface, Need, Plugin, Request, config::Nothing, export_plugin,
/// };
///
/// struct LoopbackUp;
///
/// impl Plugin for LoopbackUp {
///     type Config = Nothing;
///     const NAME: &'static str = "loopback-up";
///     const NEEDS: &'static [Need] = &[
///         Need::always("link.see").in_container().names(&["lo"]),
///         Need::always("link.set").in_container().names(&["lo"]).settings(&["up"]),
///     ];
///
///     fn add(request: &Request<Nothing>) -> Result<Attachment, Failure> {
///         request.container()?.find("lo")?.set_up()?;
///         let mut attachment = Attachment::default();
///         attachment.add_interface(Interface::in_container("lo"));
///         Ok(attachment)
///     }
///
///     fn del(_: &Request<Nothing>) -> Result<(), Failure> {
///         Ok(())
///     }
///
///     fn check(request: &Request<Nothing>) -> Result<(), Failure> {
///         match request.container()?.find("lo")?.info()?.up {
///             true => Ok(()),
///             false => Err(Failure::changed("lo is down")),
///         }
///     }
/// }
///
/// export_plugin!(LoopbackUp);
/// ```
pub trait Plugin {
    /// What the configuration is decoded into, by
    /// [`Plugin::configure`].
    type Config: DeserializeOwned;

    /// The name under which configurations know it: their `type`.
    const NAME: &'static str;

    /// What it may ask the host for, in any verb. It is embedded in the
    /// component and grants nothing; what is not in it is denied.
    const NEEDS: &'static [Need];

    /// The JSON Schema of the configuration, most often
    /// `Some(include_str!("config.schema.json"))`. It is embedded in the
    /// component: the host holds a configuration against it before this plugin
    /// runs for ADD and CHECK, and shows it to operators. Which keywords there
    /// are, `docs/schema.md` tells.
    const CONFIG_SCHEMA: Option<&'static str> = None;

    /// Decodes the configuration. The default is right for all but a plugin
    /// that reads nothing of it, which spares itself the decoder by
    /// `Ok(Nothing {})`.
    ///
    /// # Errors
    /// The configuration can't be decoded.
    fn configure(config: &str) -> Result<Self::Config, Failure> {
        config::parse(config)
    }

    /// Attaches the container.
    ///
    /// # Errors
    /// Whatever was done before a failure, the host undoes; a plugin has no
    /// need to clean up.
    fn add(request: &Request<Self::Config>) -> Result<Attachment, Failure>;

    /// Detaches the container. The host has the journal of what was made and
    /// undoes that in any case; here belongs what the journal can't know.
    ///
    /// # Errors
    /// A missing object is success.
    fn del(request: &Request<Self::Config>) -> Result<(), Failure>;

    /// Says whether the attachment still is as `request.previous` describes
    /// it.
    ///
    /// # Errors
    /// It is not; [`Failure::changed`] says what differs.
    fn check(request: &Request<Self::Config>) -> Result<(), Failure>;

    /// Removes what belongs to attachments that are not in the valid list. The
    /// host does that for all that its journal knows.
    ///
    /// # Errors
    /// Something could not be removed; the rest was.
    fn gc(request: &NetworkRequest<Self::Config>) -> Result<(), Failure> {
        let _ = request;
        Ok(())
    }

    /// Says whether an ADD would be served now.
    ///
    /// # Errors
    /// It would not: [`codes::NOT_AVAILABLE`](crate::codes::NOT_AVAILABLE).
    fn status(request: &NetworkRequest<Self::Config>) -> Result<(), Failure> {
        let _ = request;
        Ok(())
    }
}
