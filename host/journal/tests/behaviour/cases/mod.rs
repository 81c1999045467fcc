//! One operation for every kind of inverse (for some, several), with what
//! others may do to its outcome. The tests in `inverses` are about all of
//! them.

mod devices;
mod elements;
mod forwarding;
mod links;
mod routing;
mod settings;
mod shared;
mod traffic;
mod upkeep;

use cofferdam_journal::{Inverse, Operation, Outcome};

pub(crate) use devices::device;
pub(crate) use links::{veth, veth_ends};
pub(crate) use shared::{joined, shared_bridge, vxlans};
pub(crate) use upkeep::{PLUGIN, PORTS, record, upkeep};

use crate::ground::Ground;

type Act = Box<dyn Fn(&mut Ground) -> Outcome>;

/// An operation, how it goes back, and how it is done.
pub(crate) struct Case {
    pub(crate) operation: Operation,
    pub(crate) inverse: Inverse,
    pub(crate) act: Act,
    pub(crate) meddling: Vec<Meddling>,
}

/// What somebody else does after the operation, and what the report says was
/// left alone; nothing where it was simply gone.
pub(crate) struct Meddling {
    pub(crate) act: Act,
    pub(crate) left: Option<&'static str>,
}

impl Case {
    fn new(operation: Operation, inverse: Inverse, act: impl Fn(&mut Ground) + 'static) -> Self {
        let act = move |ground: &mut Ground| {
            act(ground);
            Outcome::default()
        };
        Self {
            operation,
            inverse,
            act: Box::new(act),
            meddling: Vec::new(),
        }
    }

    fn but(mut self, act: impl Fn(&mut Ground) + 'static, left: Option<&'static str>) -> Self {
        let act = move |ground: &mut Ground| {
            act(ground);
            Outcome::default()
        };
        self.meddling.push(Meddling {
            act: Box::new(act),
            left,
        });
        self
    }
}

/// The name of an inverse's kind. A new one needs a case here.
pub(crate) fn kind(inverse: &Inverse) -> &'static str {
    match inverse {
        Inverse::DeleteLink { .. } => "DeleteLink",
        Inverse::WithLink { .. } => "WithLink",
        Inverse::RestoreUp { .. } => "RestoreUp",
        Inverse::RestoreMtu { .. } => "RestoreMtu",
        Inverse::RestoreMac { .. } => "RestoreMac",
        Inverse::RestorePromiscuous { .. } => "RestorePromiscuous",
        Inverse::RestoreAllMulticast { .. } => "RestoreAllMulticast",
        Inverse::RestoreQueueLength { .. } => "RestoreQueueLength",
        Inverse::RestoreMaster { .. } => "RestoreMaster",
        Inverse::RestoreHairpin { .. } => "RestoreHairpin",
        Inverse::RestoreIsolated { .. } => "RestoreIsolated",
        Inverse::AddAddress { .. } => "AddAddress",
        Inverse::DeleteAddress { .. } => "DeleteAddress",
        Inverse::AddRoute { .. } => "AddRoute",
        Inverse::DeleteRoute { .. } => "DeleteRoute",
        Inverse::AddRule { .. } => "AddRule",
        Inverse::DeleteRule { .. } => "DeleteRule",
        Inverse::AddNeighbor { .. } => "AddNeighbor",
        Inverse::DeleteNeighbor { .. } => "DeleteNeighbor",
        Inverse::RestoreSysctl { .. } => "RestoreSysctl",
        Inverse::AddElements { .. } => "AddElements",
        Inverse::DeleteElements { .. } => "DeleteElements",
        Inverse::DeleteRateLimit { .. } => "DeleteRateLimit",
        Inverse::DeleteRedirect { .. } => "DeleteRedirect",
        Inverse::ForgetFlows { .. } => "ForgetFlows",
        Inverse::LeaveShared { .. } => "LeaveShared",
        Inverse::EndUpkeep { .. } => "EndUpkeep",
        Inverse::FreeSlot { .. } => "FreeSlot",
        Inverse::RefuseForwarding { .. } => "RefuseForwarding",
        Inverse::LeaveZone { .. } => "LeaveZone",
        Inverse::ReleaseClaim { .. } => "ReleaseClaim",
        Inverse::ReturnDevice { .. } => "ReturnDevice",
    }
}

/// How many kinds there are, for the test that none is left out.
pub(crate) const KINDS: usize = 32;

pub(crate) fn cases(ground: &mut Ground) -> Vec<Case> {
    let mut cases = everywhere(ground);
    cases.extend(vxlans(ground));
    cases
}

/// Those that every kernel has what it takes for.
pub(crate) fn everywhere(ground: &mut Ground) -> Vec<Case> {
    let mut cases = links::links(ground);
    cases.extend(links::ports(ground));
    cases.extend(routing::addresses(ground));
    cases.extend(routing::routes(ground));
    cases.extend(routing::rules_and_neighbors(ground));
    cases.extend(traffic::traffic(ground));
    cases.extend(elements::elements());
    cases.extend(shared::shared(ground));
    cases.extend(forwarding::forwarding());
    cases.extend(settings::settings(ground));
    cases.push(settings::claim(ground));
    cases.push(settings::slot());
    cases.push(upkeep(ground));
    cases.push(device(ground));
    cases
}
