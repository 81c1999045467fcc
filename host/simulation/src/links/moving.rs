use cofferdam_network::{LinkId, Result, request};
use cofferdam_protocol::Place;
use cofferdam_system::Errno;

use super::kinds;
use crate::{Sides, exists, side::refused};

impl Sides {
    /// To its namespace under its name. It keeps its number where that is
    /// free.
    pub(crate) fn move_link(&mut self, link: LinkId, to: Place, name: &str, alias: &str) -> Result<LinkId> {
        request::moved(name, alias)?;
        let info = self.info(link)?.clone();
        match self.at(to).by_name(name) {
            Some(other) if other.id != link => return Err(exists(format!("link {name:?} in the {to} namespace"))),
            _ => {}
        }
        let alias = Some(alias.to_owned()).filter(|alias| !alias.is_empty());
        if to == link.place {
            self.at_mut(to).rename_settings(&info.name, name);
            let info = self.info(link)?;
            info.name = name.to_owned();
            info.alias = alias;
            return Ok(link);
        }
        if kinds::stays(&info) {
            return Err(refused(Errno::EINVAL, format!("moving {link}")));
        }
        let is_veth = info.kind == "veth";
        let peer = self.below(&info).filter(|_| is_veth);
        let upper = self.upon(link);
        // To these it is gone.
        for vxlan in self.vxlans_over(link) {
            self.remove(vxlan);
        }
        let mut info = self.detach(link)?;
        let side = self.at_mut(to);
        info.id = LinkId {
            place: to,
            index: side.free_index(Some(link.index)),
        };
        info.name = name.to_owned();
        info.alias = alias;
        info.lower_elsewhere = info.lower.is_some() && !info.lower_elsewhere;
        let id = info.id;
        side.links.insert(id.index, info);
        for above in upper.into_iter().chain(peer) {
            let info = self.info(above)?;
            info.lower = Some(id.index);
            info.lower_elsewhere = above.place != to;
        }
        Ok(id)
    }
}
