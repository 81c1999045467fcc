use cofferdam_network::{Error, LinkId, Route, RouteMode};

use super::{Undo, UndoError, UndoOutcome, Undone, deleted, put_back};

/// `RT_TABLE_MAIN`.
const MAIN_TABLE: u32 = 254;

impl Undo<'_> {
    /// Puts back a route that the attachment deleted.
    pub(super) fn add_route(&mut self, link: LinkId, route: &Route) -> UndoOutcome {
        if self.routes(link, route)?.iter().any(|present| route.describes(present)) {
            return Ok(Undone::Nothing);
        }
        put_back(self.network.add_route(link, route, RouteMode::Append))
    }

    /// Deletes a route that the attachment added. The kernel would take what a
    /// description leaves out for anything, and another route to the same
    /// place for ours.
    pub(super) fn delete_route(&mut self, link: LinkId, route: &Route) -> UndoOutcome {
        let present = self.routes(link, route)?;
        let Some(added) = present.iter().find(|present| route.describes(present)) else {
            return Ok(present
                .iter()
                .find(|other| route.is_in_place_of(other))
                .map_or(Undone::Nothing, |other| Undone::Left(replaced(route, other))));
        };
        if let Some(other) = added.mistaken_for(&present) {
            let text = format!(
                "the kernel can't tell the route to {} from another, {}",
                route.destination,
                way(other)
            );
            return Ok(Undone::Left(text));
        }
        deleted(self.network.delete_route(link, added))
    }

    /// The routes through the link in a route's table; none when it is gone.
    fn routes(&mut self, link: LinkId, route: &Route) -> Result<Vec<Route>, UndoError> {
        match self.network.routes(link, route.table.unwrap_or(MAIN_TABLE)) {
            Err(Error::NotFound(_)) => Ok(Vec::new()),
            routes => Ok(routes?),
        }
    }
}

fn replaced(route: &Route, other: &Route) -> String {
    format!(
        "somebody put another route to {} in its place, {}",
        route.destination,
        way(other)
    )
}

fn way(route: &Route) -> String {
    route
        .gateway
        .map_or("without a gateway".to_owned(), |gateway| format!("via {gateway}"))
}
