use cofferdam_protocol::Place;

use super::Kernel;
use crate::{
    Result,
    nftables::{ForeignRule, TableId},
};

/// What other programs put into the packet filter.
impl Kernel {
    /// `nft -a list chain …`; none where there is no such chain.
    ///
    /// # Errors
    /// The kernel can't be asked, or the rules change all the time.
    pub fn foreign_rules(&mut self, place: Place, table: &TableId, chain: &str) -> Result<Vec<ForeignRule>> {
        self.side(place)?.nft()?.foreign_rules(table, chain)
    }

    /// Deletes rules, given by chain and handle, and then chains with all that
    /// is in them; all or nothing.
    ///
    /// # Errors
    /// One is gone, or is in use; nothing is deleted.
    pub fn delete_foreign(
        &mut self,
        place: Place,
        table: &TableId,
        rules: &[(String, u64)],
        chains: &[String],
    ) -> Result<()> {
        self.side(place)?.nft()?.delete_foreign(table, rules, chains)
    }
}
