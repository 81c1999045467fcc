//! Keeps a lease: asks its server for more time, then any server, and takes the
//! link down when nobody gives it.

use cofferdam_guest_sdk::{
    Failure, Link, codes, log,
    packets::Exchange,
    upkeep::{self, Record},
};

use crate::{
    client::{Answer, Client},
    lease::Lease,
};

/// Seconds between two tries, where there is time for that (RFC 2131, section
/// 4.4.5).
const LEAST_PAUSE: u32 = 60;
/// What a state begins with: a lease, or one that is over.
const LENT: u8 = 1;
const OVER: u8 = 2;

/// A lease, and how many seconds ago it was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    lease: Lease,
    age: u32,
}

/// What is to be done about a lease of some age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Renewal,
    Rebinding,
    End,
}

impl Held {
    fn due(&self) -> Due {
        match self.age {
            age if age >= self.lease.time => Due::End,
            age if age >= self.lease.rebinding => Due::Rebinding,
            _ => Due::Renewal,
        }
    }

    /// Seconds until the next try, after one that nobody answered: half of
    /// what is left for it, but not too often.
    fn pause(&self) -> u32 {
        let until = if self.age < self.lease.rebinding {
            self.lease.rebinding
        } else {
            self.lease.time
        };
        let left = until.saturating_sub(self.age);
        (left / 2).max(LEAST_PAUSE).min(left).max(1)
    }

    fn to_state(self, mark: u8) -> Vec<u8> {
        let mut state = vec![mark];
        state.extend(self.age.to_be_bytes());
        state.extend(self.lease.to_bytes());
        state
    }

    /// The lease, and whether it is over.
    fn from_state(state: &[u8]) -> Option<(Self, bool)> {
        let (mark, rest) = state.split_first()?;
        let (age, lease) = rest.split_first_chunk()?;
        let held = Self {
            lease: Lease::from_bytes(lease)?,
            age: u32::from_be_bytes(*age),
        };
        matches!(*mark, LENT | OVER).then_some((held, *mark == OVER))
    }
}

/// Keeps a lease that was just granted.
pub(crate) fn keep(client: &Client<Exchange>, lease: &Lease) -> Result<(), Failure> {
    let held = Held { lease: *lease, age: 0 };
    let after = (!lease.is_for_ever()).then_some(lease.renewal.max(1));
    keep_until(client, &held, after)
}

fn keep_until(client: &Client<Exchange>, held: &Held, after_seconds: Option<u32>) -> Result<(), Failure> {
    upkeep::keep(Record {
        address: Some(held.lease.address),
        after_seconds,
        state: held.to_state(LENT),
        farewell: Some((&client.wire, client.release(&held.lease))),
    })?;
    Ok(())
}

/// Whether there is a lease, by what is kept.
pub(crate) fn check(kept: Option<(Vec<u8>, u32)>) -> Result<(), Failure> {
    let Some((state, elapsed)) = kept else {
        return Err(Failure::changed("dhcp: no lease of this attachment is on record"));
    };
    let (held, is_over) = Held::from_state(&state).ok_or_else(damaged)?;
    let Lease { address, time, .. } = held.lease;
    if is_over {
        return Err(Failure::changed(format!(
            "dhcp: the lease of {address} is over; its link was taken down"
        )));
    }
    if !held.lease.is_for_ever() && held.age.saturating_add(elapsed) >= time {
        let text = format!("dhcp: the lease of {address} ran out, and nobody renewed it: is `cofferctl keep` running?");
        return Err(Failure::changed(text));
    }
    Ok(())
}

/// Does what is due. `client` makes one, which needs the link to be up.
pub(crate) fn look_after(
    state: &[u8],
    elapsed: u32,
    link: &Link,
    client: impl FnOnce() -> Result<Client<Exchange>, Failure>,
) -> Result<(), Failure> {
    let (held, is_over) = Held::from_state(state).ok_or_else(damaged)?;
    if is_over {
        return Ok(());
    }
    let held = Held {
        age: held.age.saturating_add(elapsed),
        ..held
    };
    let address = held.lease.address;
    let due = held.due();
    if due == Due::End {
        return end(&held, link, &format!("the lease of {address} ran out"));
    }
    let client = client()?;
    match client.renew(&held.lease, due == Due::Rebinding)? {
        Answer::Granted(granted) => keep(&client, &granted.lease),
        Answer::Refused => end(&held, link, &format!("the server does not lend {address} any more")),
        Answer::None => {
            keep_until(&client, &held, Some(held.pause()))?;
            let left = held.lease.time.saturating_sub(held.age);
            let text = format!("no DHCP server renews the lease of {address}, which has {left} seconds left");
            Err(Failure::new(codes::TRY_AGAIN_LATER, text))
        }
    }
}

/// The address must not be used any more, and nobody is to be told goodbye.
fn end(held: &Held, link: &Link, why: &str) -> Result<(), Failure> {
    let down = link.set_down();
    upkeep::keep(Record {
        state: held.to_state(OVER),
        ..Record::default()
    })?;
    down?;
    log::warn(&format!("{why}: its link was taken down"));
    Ok(())
}

fn damaged() -> Failure {
    Failure::internal("dhcp: what is kept of the lease can't be read")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::MacAddress;

    use super::*;
    use crate::message::{Reply, tests::reply};

    fn held(age: u32) -> Held {
        let options = [(1, &[255, 255, 255, 0][..]), (51, &[0, 0, 3, 232])];
        let mac = MacAddress([2; 6]);
        let reply = Reply::read(&reply(5, 1, mac, [10, 0, 0, 9], &options)).unwrap();
        let lease = Lease::of(&reply, [10, 0, 0, 1].into(), mac).unwrap();
        Held { lease, age }
    }

    #[test]
    fn its_server_is_asked_and_then_any_until_it_ends() {
        // A thousand seconds: 500, 850.
        for (age, due, pause) in [
            (500, Due::Renewal, 175),
            (700, Due::Renewal, 75),
            (760, Due::Renewal, 60),
            (849, Due::Renewal, 1),
            (850, Due::Rebinding, 75),
            (970, Due::Rebinding, 30),
            (1000, Due::End, 1),
        ] {
            assert_eq!((held(age).due(), held(age).pause()), (due, pause), "{age}");
        }
    }

    #[test]
    fn a_check_tells_a_lease_that_is_over_or_was_not_renewed() {
        let state = |mark| held(400).to_state(mark);
        for (kept, words) in [
            (Some((state(LENT), 500)), None),
            (Some((state(LENT), 600)), Some("nobody renewed it")),
            (Some((state(OVER), 0)), Some("the lease of 10.0.0.9 is over")),
            (Some((vec![LENT, 0], 0)), Some("can't be read")),
            (Some((state(7), 0)), Some("can't be read")),
            (None, Some("no lease of this attachment")),
        ] {
            match (check(kept), words) {
                (Ok(()), None) => {}
                (Err(failure), Some(words)) => assert!(failure.message.contains(words), "{}", failure.message),
                (outcome, _) => unreachable!("{outcome:?} {words:?}"),
            }
        }
    }
}
