//! What a rule does.

use std::net::IpAddr;

use super::{
    super::{
        check::Checked,
        expression::{Meta, Register},
        value::{self, Layout},
    },
    RuleEncoder,
    field::NetworkLayer,
};
use crate::nftables::{Action, ChainType, DataType, Family, Field, Hook, ValueType};

impl RuleEncoder<'_> {
    pub(super) fn add_actions(&mut self, actions: &[Action]) -> Checked<()> {
        for (index, action) in actions.iter().enumerate() {
            if is_final(action) && index + 1 < actions.len() {
                return Err(format!(
                    "{action:?} is not the last action, and those after it would never happen"
                ));
            }
            self.add_action(action)?;
        }
        Ok(())
    }

    fn add_action(&mut self, action: &Action) -> Checked<()> {
        match action {
            Action::Verdict(verdict) => {
                self.check_target(verdict)?;
                self.list.decide(verdict);
                Ok(())
            }
            Action::VerdictMap { fields, map } => self.decide_by_map(fields, map),
            Action::Masquerade => {
                self.expect_translation(&[Hook::Postrouting])?;
                self.list.masquerade();
                Ok(())
            }
            Action::DestinationNat { address, port } => self.translate_destination(*address, *port),
            Action::DestinationNatMap { fields, map } => self.translate_destination_by_map(fields, map),
            Action::SetMark { mask, value } => self.set_mark(*mask, *value),
            Action::Count => {
                self.list.count();
                Ok(())
            }
        }
    }

    fn decide_by_map(&mut self, fields: &[Field], name: &str) -> Checked<()> {
        let map = self.set(name)?;
        if map.data != Some(DataType::Verdict) {
            return Err(format!("{name:?} is not a map of verdicts"));
        }
        self.load_key(map, fields, false)?;
        self.list.lookup_verdict(name, Register::FIRST);
        Ok(())
    }

    fn translate_destination(&mut self, address: IpAddr, port: Option<u16>) -> Checked<()> {
        self.expect_translation(&[Hook::Prerouting, Hook::Output])?;
        self.expect_network(NetworkLayer::of_version(address.is_ipv6()))?;
        if port.is_some() {
            self.require_ports()?;
        }
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        self.list.set_register(Register::FIRST, &octets);
        let port = port.map(|port| {
            let register = Register::FIRST.after(octets.len());
            self.list.set_register(register, &port.to_be_bytes());
            register
        });
        self.list
            .translate_destination(address.is_ipv6(), Register::FIRST, port);
        Ok(())
    }

    fn translate_destination_by_map(&mut self, fields: &[Field], name: &str) -> Checked<()> {
        self.expect_translation(&[Hook::Prerouting, Hook::Output])?;
        let map = self.set(name)?;
        let types = match &map.data {
            Some(DataType::Values(types)) => types.as_slice(),
            _ => &[],
        };
        let (address_type, has_port) = match types {
            [address @ (ValueType::Ipv4Address | ValueType::Ipv6Address)] => (*address, false),
            [
                address @ (ValueType::Ipv4Address | ValueType::Ipv6Address),
                ValueType::Port,
            ] => (*address, true),
            _ => {
                return Err(format!(
                    "{name:?} is not a map of an address, or of an address and a port"
                ));
            }
        };
        Layout::new(types)?;
        let ipv6 = address_type == ValueType::Ipv6Address;
        self.expect_network(NetworkLayer::of_version(ipv6))?;
        if has_port && !fields.contains(&Field::Protocol) {
            self.require_ports()?;
        }
        self.load_key(map, fields, false)?;
        self.expect_network(NetworkLayer::of_version(ipv6))?;
        self.list.lookup_data(name, Register::FIRST, Register::FIRST);
        let port = has_port.then(|| Register::FIRST.after(value::length(address_type)));
        self.list.translate_destination(ipv6, Register::FIRST, port);
        Ok(())
    }

    /// With no bit of the value outside of the mask, the kernel's `^` is `|`.
    fn set_mark(&mut self, mask: u32, value: u32) -> Checked<()> {
        if value & !mask != 0 {
            return Err(format!(
                "the mark's value {value:#x} has bits that are not in its mask {mask:#x}"
            ));
        }
        if mask == u32::MAX {
            self.list.set_register(Register::FIRST, &value.to_ne_bytes());
        } else {
            self.list.load_meta(Meta::Mark, Register::FIRST);
            self.list
                .mask(Register::FIRST, &(!mask).to_ne_bytes(), &value.to_ne_bytes());
        }
        self.list.set_mark(Register::FIRST);
        Ok(())
    }

    /// Refuses a translation where the kernel can't do it. Of a chain that is
    /// not a base chain the kernel has to find out.
    fn expect_translation(&self, hooks: &[Hook]) -> Checked<()> {
        if self.family() == Family::Bridge {
            return Err("a bridge table can't translate addresses".to_owned());
        }
        match self.base {
            Some(base) if base.chain_type != ChainType::Nat || !hooks.contains(&base.hook) => Err(format!(
                "this translation is for chains of the type nat at the hooks {hooks:?}"
            )),
            _ => Ok(()),
        }
    }
}

/// Whether nothing of the rule can happen after it.
fn is_final(action: &Action) -> bool {
    match action {
        Action::Verdict(_)
        | Action::VerdictMap { .. }
        | Action::Masquerade
        | Action::DestinationNat { .. }
        | Action::DestinationNatMap { .. } => true,
        Action::SetMark { .. } | Action::Count => false,
    }
}
