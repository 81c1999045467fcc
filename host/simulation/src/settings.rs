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
        Ok(self.settings.get(key).map_or(DEFAULT, String::as_str).to_owned())
    }

    pub(super) fn set(&mut self, key: &SysctlKey, value: &str) -> Result<()> {
        self.check_key(key)?;
        if value == DEFAULT {
            self.settings.remove(key);
        } else {
            self.settings.insert(key.clone(), value.to_owned());
        }
        Ok(())
    }

    /// The settings of an interface are there as long as it is.
    fn check_key(&self, key: &SysctlKey) -> Result<()> {
        match interface_of(key) {
            Some(name) if self.by_name(name).is_none() => Err(missing(key)),
            _ => Ok(()),
        }
    }
}
