use cofferdam_journal::{Inverse, Operation, Thing};
use cofferdam_network::{LinkId, LinkSettings, Route, RouteMode};
use cofferdam_policy::Question;
use cofferdam_protocol::Place;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        routes::{AddMode, Host, RouteSpec},
        types::Error,
    },
    handle::{Link, Namespace},
};
use wasmtime::component::Resource;

use crate::{
    convert::{conflict, network_error, route, wit_route},
    mediator::Mediator,
    ways::MAIN_TABLE,
};

impl Host for Mediator {
    fn add(&mut self, link: Resource<Link>, spec: RouteSpec, mode: AddMode) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let wanted = route(&spec)?;
        let id = self.link_id(&link)?;
        let name = self.link_name(id)?;
        let table = wanted.table.unwrap_or(MAIN_TABLE);
        self.permit(&Question::RouteAdd {
            place: id.place,
            link: &name,
            destination: wanted.destination,
            table,
        })?;
        let mode = route_mode(mode);
        if !self.is_own(id) {
            self.refuse_existing(id, &name, &wanted)?;
        }
        let inverse = self.route_inverse(id, &name, &wanted);
        let operation = Operation::AddRoute {
            link: id,
            name,
            route: wanted.clone(),
            mode,
        };
        self.change(&operation, &inverse, |network| network.add_route(id, &wanted, mode))
    }

    fn delete(&mut self, link: Resource<Link>, spec: RouteSpec) -> Result<(), CallError> {
        self.enter()?;
        let wanted = route(&spec)?;
        let id = self.link_id(&link)?;
        let name = self.link_name(id)?;
        let table = wanted.table.unwrap_or(MAIN_TABLE);
        let own = self.is_own(id);
        if !own {
            let destination = wanted.destination;
            self.permit(&Question::RouteDelete {
                place: id.place,
                link: &name,
                destination,
                table,
            })?;
        }
        // What is deleted, and put back, is a whole route, not what it was described by.
        let (found, inverse) = if own {
            (wanted, Inverse::WithLink { link: id })
        } else {
            let found = self.matching_route(id, &name, &wanted)?;
            let inverse = Inverse::AddRoute {
                link: id,
                name: name.clone(),
                route: found.clone(),
            };
            (found, inverse)
        };
        let operation = Operation::DeleteRoute {
            link: id,
            name,
            route: found.clone(),
        };
        self.change(&operation, &inverse, |network| network.delete_route(id, &found))
    }

    fn list(&mut self, link: Resource<Link>, table: Option<u32>) -> Result<Vec<RouteSpec>, CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        if !self.is_own(id) {
            let name = self.link_name(id)?;
            self.permit(&Question::RouteSee {
                place: id.place,
                link: &name,
                table: table.unwrap_or(MAIN_TABLE),
            })?;
        }
        let table = match table {
            Some(table) => table,
            None => self.usual_table(id)?,
        };
        let routes = self.routes_in_reach(id, table)?;
        Ok(routes.iter().map(wit_route).collect())
    }

    fn default_link(&mut self, namespace: Resource<Namespace>) -> Result<Resource<Link>, CallError> {
        self.enter()?;
        let place = self.table.get(&namespace)?.place;
        let missing = || {
            CallError::Guest(Error::NotFound(format!(
                "a default route in the {place} namespace through a link that this plugin may see (link.see, route.see)"
            )))
        };
        let network = self.network();
        let link = network
            .default_link(place)
            .map_err(network_error)?
            .ok_or_else(missing)?;
        let info = network.link(link).map_err(network_error)?.ok_or_else(missing)?;
        let name = info.name.clone();
        // Which link it is, is not told to those who may not see it.
        self.visible(place, &name, Some(info)).map_err(|_| missing())?;
        let question = Question::RouteSee {
            place,
            link: &name,
            table: MAIN_TABLE,
        };
        if !self.is_own(link) {
            match self.allowed.decide(&question) {
                Ok(_) => self.permit(&question)?,
                Err(denial) => {
                    self.trail.denied_silently(&denial);
                    return Err(missing());
                }
            }
        }
        self.link_handle(link, &name)
    }
}

impl Mediator {
    /// A route that is there is not put on record as ours: after a crash it
    /// would be deleted.
    fn refuse_existing(&mut self, id: LinkId, name: &str, wanted: &Route) -> Result<(), CallError> {
        let table = wanted.table.unwrap_or(MAIN_TABLE);
        let present = self.seen_on(|network| network.routes(id, table))?;
        if present.iter().any(|present| wanted.describes(present)) {
            let text = format!("route {} through link {name:?}", wanted.destination);
            return Err(CallError::Guest(Error::AlreadyExists(text)));
        }
        Ok(())
    }

    /// Where the routes of a link are by themselves: in the main table, or in
    /// that of the VRF that a later plugin put a container's link into.
    fn usual_table(&mut self, id: LinkId) -> Result<u32, CallError> {
        let place = id.place;
        if place == Place::Host {
            return Ok(MAIN_TABLE);
        }
        let master = self.link_info_of(id)?.master.map(|index| LinkId { place, index });
        let vrf = match master {
            Some(master) => self.seen_on(|network| network.link(master))?,
            None => None,
        };
        match vrf.and_then(|info| info.settings) {
            Some(LinkSettings::Vrf { table }) => Ok(table),
            _ => Ok(MAIN_TABLE),
        }
    }

    /// A route through a link of ours goes with the link.
    fn route_inverse(&mut self, id: LinkId, name: &str, wanted: &Route) -> Inverse {
        if self.is_own(id) {
            return Inverse::WithLink { link: id };
        }
        Inverse::DeleteRoute {
            link: id,
            name: name.to_owned(),
            route: wanted.clone(),
        }
    }

    /// The route that a description is of, whole.
    fn matching_route(&mut self, id: LinkId, name: &str, wanted: &Route) -> Result<Route, CallError> {
        let routes = self.routes_in_reach(id, wanted.table.unwrap_or(MAIN_TABLE))?;
        let found = routes.iter().find(|route| is_meant(wanted, route)).ok_or_else(|| {
            let text = format!("route {} through link {name:?}", wanted.destination);
            CallError::Guest(Error::NotFound(text))
        })?;
        if found.mistaken_for(&routes).is_some() {
            return Err(conflict(format!(
                "the kernel can't tell the route to {} from another",
                found.destination
            )));
        }
        Ok(found.clone())
    }

    /// The routes through a link but for those of the node that other
    /// attachments own.
    fn routes_in_reach(&mut self, id: LinkId, table: u32) -> Result<Vec<Route>, CallError> {
        let routes = self.seen_on(|network| network.routes(id, table))?;
        if id.place == Place::Container || self.is_own(id) {
            return Ok(routes);
        }
        self.without_others(routes, |route| Thing::Route {
            table,
            destination: route.destination.network(),
        })
    }
}

/// Whether every field that is given agrees, the scope included.
fn is_meant(given: &Route, route: &Route) -> bool {
    given.covers(route) && given.scope.is_none_or(|scope| Some(scope) == route.scope)
}

fn route_mode(mode: AddMode) -> RouteMode {
    match mode {
        AddMode::Exclusive => RouteMode::Exclusive,
        AddMode::Append => RouteMode::Append,
    }
}
