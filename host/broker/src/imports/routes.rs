use cofferdam_journal::{Inverse, Operation};
use cofferdam_network::{LinkId, Route, RouteMode};
use cofferdam_policy::Question;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        routes::{AddMode, Host, RouteSpec},
        types::Error,
    },
    handle::Link,
};
use wasmtime::component::Resource;

use crate::{
    convert::{route, wit_route},
    mediator::Mediator,
};

/// `RT_TABLE_MAIN`.
const MAIN_TABLE: u32 = 254;

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
        let inverse = if own {
            Inverse::WithLink { link: id }
        } else {
            let old = self.matching_route(id, &name, &wanted)?;
            Inverse::AddRoute {
                link: id,
                name: name.clone(),
                route: old,
            }
        };
        let operation = Operation::DeleteRoute {
            link: id,
            name,
            route: wanted.clone(),
        };
        self.change(&operation, &inverse, |network| network.delete_route(id, &wanted))
    }

    fn list(&mut self, link: Resource<Link>, table: Option<u32>) -> Result<Vec<RouteSpec>, CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        let table = table.unwrap_or(MAIN_TABLE);
        if !self.is_own(id) {
            let name = self.link_name(id)?;
            self.permit(&Question::RouteSee {
                place: id.place,
                link: &name,
                table,
            })?;
        }
        let routes = self.seen_on(|network| network.routes(id, table))?;
        Ok(routes.iter().map(wit_route).collect())
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

    /// The route that a deletion would hit, whole.
    fn matching_route(&mut self, id: LinkId, name: &str, wanted: &Route) -> Result<Route, CallError> {
        let table = wanted.table.unwrap_or(MAIN_TABLE);
        let routes = self.seen_on(|network| network.routes(id, table))?;
        routes.into_iter().find(|route| covers(wanted, route)).ok_or_else(|| {
            let text = format!("route {} through link {name:?}", wanted.destination);
            CallError::Guest(Error::NotFound(text))
        })
    }
}

/// Whether every field that is given agrees.
fn covers(given: &Route, route: &Route) -> bool {
    fn agrees<T: PartialEq>(given: Option<T>, there: Option<T>) -> bool {
        given.is_none() || given == there
    }
    given.destination.network() == route.destination.network()
        && agrees(given.gateway, route.gateway)
        && agrees(given.source, route.source)
        && agrees(given.priority, route.priority)
}

fn route_mode(mode: AddMode) -> RouteMode {
    match mode {
        AddMode::Exclusive => RouteMode::Exclusive,
        AddMode::Append => RouteMode::Append,
    }
}
