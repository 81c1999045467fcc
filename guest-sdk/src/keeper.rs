use crate::{Arguments, Failure, Namespace, Plugin};

/// A plugin whose records ([`upkeep`](crate::upkeep)) have to be looked after.
/// It is exported with [`export_keeper!`](crate::export_keeper), besides
/// [`export_plugin!`](crate::export_plugin).
///
/// ```
/// # use cofferdam_guest_sdk::{
/// #     Attachment, Failure, Keeper, Need, Occasion, Plugin, Request, config::Nothing, export_keeper, upkeep,
/// # };
/// # struct Lease;
/// # impl Plugin for Lease {
/// #     type Config = Nothing;
/// #     const NAME: &'static str = "lease";
/// #     const NEEDS: &'static [Need] = &[];
/// #     fn add(request: &Request<Nothing>) -> Result<Attachment, Failure> {
/// #         Ok(request.required_previous()?.clone())
/// #     }
/// #     fn del(_: &Request<Nothing>) -> Result<(), Failure> {
/// #         Ok(())
/// #     }
/// #     fn check(_: &Request<Nothing>) -> Result<(), Failure> {
/// #         Ok(())
/// #     }
/// # }
/// impl Keeper for Lease {
///     fn wake(occasion: &Occasion<Nothing>) -> Result<(), Failure> {
///         // … has the lease renewed, and wants to be called again in an hour.
///         upkeep::keep(upkeep::Record {
///             after_seconds: Some(3600),
///             state: occasion.state.clone(),
///             ..upkeep::Record::default()
///         })?;
///         Ok(())
///     }
/// }
///
/// export_keeper!(Lease);
/// ```
pub trait Keeper: Plugin {
    /// Does what is due, and keeps the record anew if it will be due again. As
    /// in DEL nothing can be made: only removed and switched off.
    ///
    /// # Errors
    /// It is told to the operator. Where the record was not kept anew, the host
    /// calls again a minute later.
    fn wake(occasion: &Occasion<Self::Config>) -> Result<(), Failure>;
}

/// An attachment with a record that is due.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::Nothing, Failure, Occasion};
/// # fn example(occasion: &Occasion<Nothing>) -> Result<(), Failure> {
/// if occasion.elapsed > 3600 {
///     occasion.container()?.find(&occasion.interface_name)?.set_down()?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Occasion<C> {
    /// `CNI_CONTAINERID`.
    pub container_id: String,
    /// `CNI_IFNAME`.
    pub interface_name: String,
    /// The network's name.
    pub network: String,
    /// `CNI_ARGS` of the request that the record was kept in.
    pub args: Arguments,
    /// The plugin's configuration.
    pub config: C,
    /// The record's state.
    pub state: Vec<u8>,
    /// Seconds since the record was kept.
    pub elapsed: u32,
}

impl<C> Occasion<C> {
    /// The container's namespace.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{config::Nothing, Failure, Occasion};
    /// # fn example(occasion: &Occasion<Nothing>) -> Result<(), Failure> {
    /// let link = occasion.container()?.find(&occasion.interface_name)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// It is gone.
    pub fn container(&self) -> Result<Namespace, Failure> {
        Ok(Namespace::container()?)
    }
}
