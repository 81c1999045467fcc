use std::{collections::BTreeSet, ffi::OsString, time::Duration};

use cofferdam_protocol::{
    AttachmentKey, Injection, ListedPlugin, NetworkList, ResultError, SpecVersion, Verb, Version, identifier,
    json::Node,
};

use crate::{
    AddResult, AttachmentRequest, CachedAttachment, PluginFailure, PluginResolver, ResultCache, RuntimeError,
    call::{self, Call},
    outcome::version_of,
};

/// How long one plugin may take, unless it is said otherwise.
const ALLOWED: Duration = Duration::from_secs(60);

/// The caller of plugins: attaches containers to networks and detaches them.
///
/// No two requests about the same container may run at once, and GC only when
/// nothing else does.
#[derive(Clone, Debug)]
pub struct Runtime<R> {
    resolver: R,
    cache: ResultCache,
    allowed: Duration,
    environment: Vec<(OsString, OsString)>,
}

impl<R: PluginResolver> Runtime<R> {
    /// Calls the plugins that the resolver finds and keeps results in the
    /// cache. Each call may take a minute.
    #[must_use]
    pub fn new(resolver: R, cache: ResultCache) -> Self {
        Self {
            resolver,
            cache,
            allowed: ALLOWED,
            environment: Vec::new(),
        }
    }

    /// Gives plugins one more variable, besides those of this process and CNI's
    /// own, which it can't replace: `TRACEPARENT` of a request that is traced.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Lets each call of a plugin take this long. Then the plugin is killed
    /// with every process that it started.
    #[must_use]
    pub fn with_deadline(mut self, allowed: Duration) -> Self {
        self.allowed = allowed;
        self
    }

    /// ADD: calls the plugins in order, each with the previous one's result,
    /// and keeps the last result.
    ///
    /// # Errors
    /// A plugin failed; those after it were not called. Nothing is undone: DEL
    /// has to follow.
    pub fn add(&self, network: &NetworkList, request: &AttachmentRequest) -> Result<AddResult, RuntimeError> {
        validate(network, request)?;
        let version = version_of(network)?;
        let cache_failed = |error| RuntimeError::Cache {
            network: network.name.clone(),
            error,
        };
        self.cache
            .prepare(&network.name, &request.key())
            .map_err(cache_failed)?;
        let mut previous = None;
        let mut last = None;
        for plugin in &network.plugins {
            let result = self
                .add_one(network, request, plugin, previous.as_ref(), version)
                .map_err(|failure| failed(plugin, Verb::Add, failure))?;
            previous = Some(
                result
                    .in_version(version)
                    .map_err(|error| failed(plugin, Verb::Add, error.into()))?,
            );
            last = Some(result);
        }
        let last = match last {
            Some(last) => last,
            None => AddResult::parse("null", version).map_err(|error| unusable(network, error))?,
        };
        self.cache
            .store(&cached(network, request, &last))
            .map_err(cache_failed)?;
        Ok(last)
    }

    fn add_one(
        &self,
        network: &NetworkList,
        request: &AttachmentRequest,
        plugin: &ListedPlugin,
        previous: Option<&Node>,
        version: SpecVersion,
    ) -> Result<AddResult, PluginFailure> {
        let output = self
            .call(Verb::Add, network, request, previous)
            .make(&self.resolver, plugin)?;
        Ok(AddResult::parse(&output, version)?)
    }

    /// DEL: calls the plugins in reverse order, with the result of ADD where
    /// the version has it. A failure does not keep the others from being
    /// called. When all succeed, the result is forgotten.
    ///
    /// # Errors
    /// All that failed. The result is kept, so that DEL can be repeated.
    pub fn del(&self, network: &NetworkList, request: &AttachmentRequest) -> Result<(), RuntimeError> {
        validate(network, request)?;
        // What can't be read is no reason to leave things behind.
        let previous = match network.spec_version() {
            Ok(version) if version.has_previous_on_del() => self.previous(network, request, version).ok().flatten(),
            _ => None,
        };
        let call = self.call(Verb::Del, network, request, previous.as_ref());
        let mut errors = Vec::new();
        for plugin in network.plugins.iter().rev() {
            if let Err(failure) = call.make(&self.resolver, plugin) {
                errors.push(failed(plugin, Verb::Del, failure));
            }
        }
        RuntimeError::collect(errors)?;
        self.cache.remove(&network.name, &request.key());
        Ok(())
    }

    /// CHECK: calls the plugins in order, each with the result of ADD.
    ///
    /// # Errors
    /// The version has no CHECK, or a plugin failed; those after it were not
    /// called.
    pub fn check(&self, network: &NetworkList, request: &AttachmentRequest) -> Result<(), RuntimeError> {
        validate(network, request)?;
        let version = version_of(network)?;
        if !version.has_check() {
            return Err(RuntimeError::NoCheck {
                network: network.name.clone(),
                version: network.version.clone(),
            });
        }
        if network.disable_check {
            return Ok(());
        }
        let previous = self
            .previous(network, request, version)
            .map_err(|error| unusable(network, error))?;
        let call = self.call(Verb::Check, network, request, previous.as_ref());
        for plugin in &network.plugins {
            call.make(&self.resolver, plugin)
                .map_err(|failure| failed(plugin, Verb::Check, failure))?;
        }
        Ok(())
    }

    /// GC: detaches what the cache has and `valid` has not, then, where the
    /// version has it, asks every plugin to remove what belongs to none of
    /// `valid`. `None` stands for a caller who does not know: then all cached
    /// attachments are stale, and the plugins are told nothing.
    ///
    /// # Errors
    /// All that failed.
    pub fn gc(&self, network: &NetworkList, valid: Option<&[AttachmentKey]>) -> Result<(), RuntimeError> {
        if network.disable_gc {
            return Ok(());
        }
        identifier::network_name(&network.name).map_err(RuntimeError::Invalid)?;
        let mut errors = Vec::new();
        for stale in self.cache.attachments(&network.name) {
            if !valid.unwrap_or_default().contains(&stale.request.key()) {
                errors.extend(self.del(network, &stale.request).err());
            }
        }
        if has_gc_status(network) {
            let call = self.network_call(Verb::Gc, network, valid);
            for plugin in &network.plugins {
                if let Err(failure) = call.make(&self.resolver, plugin) {
                    errors.push(failed(plugin, Verb::Gc, failure));
                }
            }
        }
        RuntimeError::collect(errors)
    }

    /// STATUS: asks the plugins in order whether an ADD would be served. A
    /// network whose version has no STATUS is taken to be ready.
    ///
    /// # Errors
    /// The first plugin that would not.
    pub fn status(&self, network: &NetworkList) -> Result<(), RuntimeError> {
        if !has_gc_status(network) {
            return Ok(());
        }
        let call = self.network_call(Verb::Status, network, None);
        for plugin in &network.plugins {
            call.make(&self.resolver, plugin)
                .map_err(|failure| failed(plugin, Verb::Status, failure))?;
        }
        Ok(())
    }

    /// VERSION: the versions of the specification that a plugin supports.
    ///
    /// # Errors
    /// It is not there, or its answer makes no sense.
    pub fn version(&self, plugin_type: &str) -> Result<Vec<String>, RuntimeError> {
        call::version(&self.resolver, plugin_type, &self.environment, self.allowed).map_err(|failure| {
            RuntimeError::Plugin {
                plugin: plugin_type.to_owned(),
                name: String::new(),
                verb: Verb::Version,
                failure,
            }
        })
    }

    /// Whether a network can be used here: its plugins are asked for their
    /// versions, one after the other. The result is what the plugins want to
    /// be told of an attachment: the names of their capabilities, sorted.
    ///
    /// # Errors
    /// All plugins that are not there, or don't speak the network's version.
    pub fn validate(&self, network: &NetworkList) -> Result<Vec<String>, RuntimeError> {
        let version = match network.version.as_str() {
            "" => SpecVersion::V0_1_0.as_str(),
            version => version,
        };
        let mut errors = Vec::new();
        let mut capabilities = BTreeSet::new();
        for plugin in &network.plugins {
            match self.version(&plugin.plugin_type) {
                Ok(supported) if supported.iter().any(|supported| supported == version) => {}
                Ok(_) => errors.push(RuntimeError::Unsupported {
                    plugin: plugin.plugin_type.clone(),
                    version: version.to_owned(),
                }),
                Err(error) => errors.push(error),
            }
            capabilities.extend(plugin.capabilities.iter().cloned());
        }
        RuntimeError::collect(errors)?;
        Ok(capabilities.into_iter().collect())
    }

    /// Where results are kept.
    #[must_use]
    pub fn cache(&self) -> &ResultCache {
        &self.cache
    }

    /// The result of ADD, in the network's version.
    fn previous(
        &self,
        network: &NetworkList,
        request: &AttachmentRequest,
        version: SpecVersion,
    ) -> Result<Option<Node>, ResultError> {
        let cached = self
            .cache
            .load(&network.name, &request.key())
            .and_then(|cached| cached.result);
        cached
            .map(|result| AddResult::parse(&result.to_text(), version)?.in_version(version))
            .transpose()
    }

    fn call<'a>(
        &'a self,
        verb: Verb,
        network: &'a NetworkList,
        request: &'a AttachmentRequest,
        previous: Option<&'a Node>,
    ) -> Call<'a> {
        let injection = Injection {
            name: &network.name,
            version: &network.version,
            previous,
            capability_args: request.capability_args.as_ref(),
            valid_attachments: None,
        };
        Call {
            verb,
            request: Some(request),
            injection,
            allowed: self.allowed,
            environment: &self.environment,
        }
    }

    fn network_call<'a>(
        &'a self,
        verb: Verb,
        network: &'a NetworkList,
        valid_attachments: Option<&'a [AttachmentKey]>,
    ) -> Call<'a> {
        let injection = Injection {
            name: &network.name,
            version: &network.version,
            previous: None,
            capability_args: None,
            valid_attachments,
        };
        Call {
            verb,
            request: None,
            injection,
            allowed: self.allowed,
            environment: &self.environment,
        }
    }
}

fn validate(network: &NetworkList, request: &AttachmentRequest) -> Result<(), RuntimeError> {
    identifier::container_id(&request.container_id)
        .and_then(|()| identifier::network_name(&network.name))
        .and_then(|()| identifier::interface_name(&request.interface_name))
        .map_err(RuntimeError::Invalid)
}

/// Whether the version has GC and STATUS; one that is newer than we know has.
fn has_gc_status(network: &NetworkList) -> bool {
    network
        .version
        .parse::<Version>()
        .is_ok_and(|version| version >= SpecVersion::V1_1_0.version())
}

fn cached(network: &NetworkList, request: &AttachmentRequest, result: &AddResult) -> CachedAttachment {
    CachedAttachment {
        network: network.name.clone(),
        request: request.clone(),
        config: network.text.clone().into_bytes(),
        result: Some(result.document().clone()),
    }
}

fn unusable(network: &NetworkList, error: ResultError) -> RuntimeError {
    RuntimeError::Cached {
        network: network.name.clone(),
        error,
    }
}

fn failed(plugin: &ListedPlugin, verb: Verb, failure: PluginFailure) -> RuntimeError {
    let name = plugin.config.get("name").and_then(Node::as_str).unwrap_or_default();
    RuntimeError::Plugin {
        plugin: plugin.plugin_type.clone(),
        name: name.to_owned(),
        verb,
        failure,
    }
}
