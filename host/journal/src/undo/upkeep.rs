use cofferdam_network::Error as NetworkError;

use super::{Undo, UndoOutcome, Undone};
use crate::upkeep::{Farewell, Upkeep};

impl Undo<'_> {
    /// Says farewell, as far as that can be, and forgets what was kept.
    pub(super) fn end_upkeep(&mut self, plugin: &str) -> UndoOutcome {
        let upkeep = Upkeep::new(self.shared.state());
        let told = match upkeep.read(self.id, plugin) {
            Ok(record) => record
                .and_then(|record| record.farewell)
                .map_or(Ok(()), |farewell| self.say(&farewell))
                .map_err(|error| format!("what plugin {plugin} wanted to be sent at the end was not sent: {error}")),
            Err(error) => Err(format!("nothing was sent at the end for plugin {plugin}: {error}")),
        };
        let was_there = upkeep.remove(self.id, plugin)?;
        Ok(match told {
            Err(why) => Undone::Left(why),
            Ok(()) if was_there => Undone::Restored,
            Ok(()) => Undone::Nothing,
        })
    }

    /// Nobody hears it where the link is gone.
    fn say(&mut self, farewell: &Farewell) -> cofferdam_network::Result<()> {
        let link = match self.network.link(farewell.link) {
            Err(NetworkError::NoNamespace(_)) => return Ok(()),
            link => link?,
        };
        if link.is_none_or(|link| link.name != farewell.name) {
            return Ok(());
        }
        let mut exchange = self.network.open_exchange(farewell.link, farewell.ports)?;
        exchange.send(&farewell.datagram)
    }

    /// Forgets what was kept in an earlier boot.
    pub(super) fn forget_upkeep(&mut self, plugin: &str) -> UndoOutcome {
        let was_there = Upkeep::new(self.shared.state()).remove(self.id, plugin)?;
        Ok(if was_there { Undone::Restored } else { Undone::Nothing })
    }
}
