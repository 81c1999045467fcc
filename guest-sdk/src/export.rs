//! From the component's exports to the [`Plugin`].

use crate::{
    Failure, Keeper, NetworkRequest, Occasion, Plugin, Request,
    bindings::{keeping, plugin, types},
    log,
};

/// Exports a [`Plugin`] from the component, with what Cargo knows of the crate
/// (version, description, authors, licence) and the plugin's needs in the
/// custom section `cofferdam:plugin`, and the schema of its configuration in
/// `cofferdam:config-schema`. Once in a crate; see [`Plugin`] for an
/// example. On targets other than WebAssembly it does nothing.
///
/// ```
/// use cofferdam_guest_sdk::{
///     Attachment, Failure, Need, Plugin, Request, config::Nothing, export_plugin,
/// };
///
/// struct PassOn;
///
/// impl Plugin for PassOn {
///     type Config = Nothing;
///     const NAME: &'static str = "pass-on";
///     const NEEDS: &'static [Need] = &[];
///
///     fn add(request: &Request<Nothing>) -> Result<Attachment, Failure> {
///         Ok(request.required_previous()?.clone())
///     }
///
///     fn del(_: &Request<Nothing>) -> Result<(), Failure> {
///         Ok(())
///     }
///
///     fn check(_: &Request<Nothing>) -> Result<(), Failure> {
///         Ok(())
///     }
/// }
///
/// export_plugin!(PassOn);
/// ```
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            use $crate::{bindings, export, metadata};

            const METADATA: metadata::Metadata = metadata::Metadata {
                name: <$plugin as $crate::Plugin>::NAME,
                version: env!("CARGO_PKG_VERSION"),
                description: env!("CARGO_PKG_DESCRIPTION"),
                authors: env!("CARGO_PKG_AUTHORS"),
                licence: env!("CARGO_PKG_LICENSE"),
                needs: <$plugin as $crate::Plugin>::NEEDS,
            };

            #[used]
            #[unsafe(link_section = "cofferdam:plugin")]
            static SECTION: [u8; metadata::length(&METADATA)] = metadata::encode(&METADATA);

            const CONFIG_SCHEMA: &str = metadata::schema_text(<$plugin as $crate::Plugin>::CONFIG_SCHEMA);

            #[used]
            #[unsafe(link_section = "cofferdam:config-schema")]
            static SCHEMA_SECTION: [u8; metadata::schema_length(CONFIG_SCHEMA)] =
                metadata::encode_schema(CONFIG_SCHEMA);

            struct Exported;

            impl bindings::plugin::Guest for Exported {
                fn add(
                    request: bindings::plugin::Request,
                ) -> Result<bindings::types::Attachment, bindings::types::Failure> {
                    export::add::<$plugin>(request)
                }

                fn del(request: bindings::plugin::Request) -> Result<(), bindings::types::Failure> {
                    export::of_attachment::<$plugin>(request, <$plugin as $crate::Plugin>::del)
                }

                fn check(request: bindings::plugin::Request) -> Result<(), bindings::types::Failure> {
                    export::of_attachment::<$plugin>(request, <$plugin as $crate::Plugin>::check)
                }

                fn gc(request: bindings::plugin::NetworkRequest) -> Result<(), bindings::types::Failure> {
                    export::of_network::<$plugin>(request, <$plugin as $crate::Plugin>::gc)
                }

                fn status(request: bindings::plugin::NetworkRequest) -> Result<(), bindings::types::Failure> {
                    export::of_network::<$plugin>(request, <$plugin as $crate::Plugin>::status)
                }
            }

    $crate::bindings::export_bindings!(Exported with_types_in $crate::bindings);
        };
    };
}

/// Exports a [`Keeper`](crate::Keeper) from the component, besides the plugin.
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
#[macro_export]
macro_rules! export_keeper {
    ($plugin:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            use $crate::{bindings::keeping, export};

            struct Exported;

            impl keeping::keeper::Guest for Exported {
                fn wake(occasion: keeping::keeper::Occasion) -> Result<(), $crate::bindings::types::Failure> {
                    export::wake::<$plugin>(occasion)
                }
            }

    keeping::export_keeper_bindings!(Exported with_types_in keeping);
        };
    };
}

#[doc(hidden)]
pub fn wake<P: Keeper>(occasion: keeping::keeper::Occasion) -> Result<(), types::Failure> {
    report_panics();
    let args = occasion
        .args
        .into_iter()
        .map(|(key, value)| plugin::Argument { key, value });
    let occasion = Occasion {
        container_id: occasion.container_id,
        interface_name: occasion.interface_name,
        network: occasion.network,
        args: args.collect::<Vec<_>>().into(),
        config: P::configure(&occasion.config)?,
        state: occasion.state,
        elapsed: occasion.elapsed,
    };
    Ok(P::wake(&occasion)?)
}

#[doc(hidden)]
pub fn add<P: Plugin>(request: plugin::Request) -> Result<types::Attachment, types::Failure> {
    Ok(P::add(&attachment_request::<P>(request)?)?.into())
}

#[doc(hidden)]
pub fn of_attachment<P: Plugin>(
    request: plugin::Request,
    verb: fn(&Request<P::Config>) -> Result<(), Failure>,
) -> Result<(), types::Failure> {
    Ok(verb(&attachment_request::<P>(request)?)?)
}

#[doc(hidden)]
pub fn of_network<P: Plugin>(
    request: plugin::NetworkRequest,
    verb: fn(&NetworkRequest<P::Config>) -> Result<(), Failure>,
) -> Result<(), types::Failure> {
    report_panics();
    let config = P::configure(&request.config)?;
    Ok(verb(&NetworkRequest::new(request, config))?)
}

fn attachment_request<P: Plugin>(request: plugin::Request) -> Result<Request<P::Config>, Failure> {
    report_panics();
    let config = P::configure(&request.config)?;
    Ok(Request::new(request, config))
}

/// There is no standard error to print to: the message goes to the host, which
/// shows it with the trap that follows.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| log::error(&panic.to_string())));
}
