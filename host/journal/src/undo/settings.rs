use super::{Undo, UndoOutcome, Undone, unless_gone, unless_there};
use crate::model::Inverse;

impl Undo<'_> {
    /// Puts back the state of something that the attachment did not make.
    pub(super) fn restore(&mut self, inverse: &Inverse) -> UndoOutcome {
        match inverse {
            Inverse::RestoreUp { link, name, .. }
            | Inverse::RestoreMtu { link, name, .. }
            | Inverse::RestoreMac { link, name, .. }
            | Inverse::RestorePromiscuous { link, name, .. }
            | Inverse::RestoreMaster { link, name, .. }
            | Inverse::RestoreHairpin { link, name, .. }
            | Inverse::RestoreIsolated { link, name, .. }
            | Inverse::AddAddress { link, name, .. }
            | Inverse::DeleteAddress { link, name, .. }
            | Inverse::AddRoute { link, name, .. }
            | Inverse::DeleteRoute { link, name, .. }
            | Inverse::AddNeighbor { link, name, .. }
            | Inverse::DeleteNeighbor { link, name, .. } => {
                if self.is_still(*link, name)? {
                    self.restore_link(inverse)
                } else {
                    Ok(Undone::Nothing)
                }
            }
            other => self.restore_other(other),
        }
    }

    fn restore_link(&mut self, inverse: &Inverse) -> UndoOutcome {
        let network = &mut *self.network;
        match inverse {
            Inverse::RestoreUp { link, old, .. } => unless_gone(network.set_link_up(*link, *old)),
            Inverse::RestoreMtu { link, old, .. } => unless_gone(network.set_link_mtu(*link, *old)),
            Inverse::RestoreMac { link, old, .. } => unless_gone(network.set_link_mac(*link, *old)),
            Inverse::RestorePromiscuous { link, old, .. } => unless_gone(network.set_link_promiscuous(*link, *old)),
            Inverse::RestoreMaster { link, old, .. } => unless_gone(network.set_link_master(*link, *old)),
            Inverse::RestoreHairpin { link, old, .. } => unless_gone(network.set_port_hairpin(*link, *old)),
            Inverse::RestoreIsolated { link, old, .. } => unless_gone(network.set_port_isolated(*link, *old)),
            Inverse::AddAddress { link, address, .. } => unless_there(network.add_address(*link, *address, true)),
            Inverse::DeleteAddress { link, address, .. } => unless_gone(network.delete_address(*link, *address)),
            Inverse::AddRoute { link, route, .. } => {
                unless_there(network.add_route(*link, route, cofferdam_network::RouteMode::Append))
            }
            Inverse::DeleteRoute { link, route, .. } => unless_gone(network.delete_route(*link, route)),
            Inverse::AddNeighbor { link, neighbor, .. } => unless_there(network.add_neighbor(*link, neighbor)),
            Inverse::DeleteNeighbor { link, neighbor, .. } => unless_gone(network.delete_neighbor(*link, neighbor)),
            _ => Ok(Undone::Nothing),
        }
    }

    fn restore_other(&mut self, inverse: &Inverse) -> UndoOutcome {
        let network = &mut *self.network;
        match inverse {
            Inverse::AddRule { place, rule } => unless_there(network.add_rule(*place, rule)),
            Inverse::DeleteRule { place, rule } => unless_gone(network.delete_rule(*place, rule)),
            Inverse::RestoreSysctl { place, key, old, new } => match network.sysctl(*place, key) {
                Ok(value) if value == *new => unless_gone(network.set_sysctl(*place, key, old)),
                Ok(value) => Ok(Undone::Left(format!("somebody set {key} to {value:?} since"))),
                Err(error) => unless_gone(Err(error)),
            },
            Inverse::AddElements {
                place,
                table,
                set,
                elements,
                comment,
            } => unless_there(network.add_elements(*place, table, set, elements, comment)),
            Inverse::DeleteElements {
                place,
                table,
                set,
                elements,
                comment,
            } => {
                let mut ours = Vec::new();
                for element in elements {
                    match network.element_comment(*place, table, set, element) {
                        Ok(Some(found)) if found == *comment => ours.push(element.clone()),
                        Ok(_) | Err(cofferdam_network::Error::NotFound(_)) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                if ours.is_empty() {
                    return Ok(Undone::Nothing);
                }
                unless_gone(network.delete_elements(*place, table, set, &ours))
            }
            _ => Ok(Undone::Nothing),
        }
    }
}
