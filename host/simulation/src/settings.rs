use cofferdam_network::{Result, SysctlKey};

use super::{
    missing,
    side::{Side, interface_of},
};

/// What a setting is by itself.
const DEFAULT: &str = "0";

impl Side {
    pub(super) fn setting(&self, key: &SysctlKey) -> Result<String> {
        self.check_key(key)?;
        let value = self.settings.get(key).cloned();
        Ok(value.unwrap_or_else(|| self.unwritten(key)))
    }

    pub(super) fn set(&mut self, key: &SysctlKey, value: &str) -> Result<()> {
        self.check_key(key)?;
        if value == self.unwritten(key) {
            self.settings.remove(key);
        } else {
            self.settings.insert(key.clone(), value.to_owned());
        }
        Ok(())
    }

    /// A link's is what the default is.
    fn unwritten(&self, key: &SysctlKey) -> String {
        let default = match (interface_of(key), key.parts()) {
            (Some(_), [net, family, group, _, name]) => {
                let parts = [net.as_str(), family, group, "default", name].map(str::to_owned);
                SysctlKey::new(parts.to_vec()).ok()
            }
            _ => None,
        };
        let value = default.and_then(|default| self.settings.get(&default).cloned());
        value.unwrap_or_else(|| DEFAULT.to_owned())
    }

    /// The settings of an interface are there as long as it is.
    fn check_key(&self, key: &SysctlKey) -> Result<()> {
        match interface_of(key) {
            Some(name) if self.by_name(name).is_none() => Err(missing(key)),
            _ => Ok(()),
        }
    }
}
