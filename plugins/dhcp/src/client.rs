use std::net::Ipv4Addr;

use cofferdam_guest_sdk::{
    Error, Failure, MacAddress, codes,
    packets::{Exchange, Incoming, Outgoing},
    random,
};

use crate::{
    code,
    config::Wishes,
    lease::Lease,
    message::{Kind, Query, Reply, largest_message},
};

/// Milliseconds that each message is waited for an answer to; it is sent as
/// often.
const OF_DISCOVER: &[u32] = &[1000, 2000, 4000, 5000];
const OF_REQUEST: &[u32] = &[1000, 2000, 4000];
const OF_RENEWAL: &[u32] = &[1000, 2000];
/// How often it begins anew when a server takes its offer back.
const ATTEMPTS: usize = 2;

/// Where datagrams go and come from.
pub(crate) trait Wire {
    fn send(&self, datagram: Outgoing) -> Result<(), Error>;
    fn receive(&self, milliseconds: u32) -> Result<Option<Incoming>, Error>;
}

impl Wire for Exchange {
    fn send(&self, datagram: Outgoing) -> Result<(), Error> {
        Self::send(self, datagram)
    }

    fn receive(&self, milliseconds: u32) -> Result<Option<Incoming>, Error> {
        Self::receive(self, milliseconds)
    }
}

/// A DHCP client on one link.
#[derive(Debug)]
pub(crate) struct Client<W> {
    pub(crate) wire: W,
    mac: MacAddress,
    identifier: Vec<u8>,
    pub(crate) wishes: Wishes,
}

/// A lease, and the message that it is from.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) lease: Lease,
    pub(crate) reply: Reply,
}

/// What a server said of an address that is asked for.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Granted(Box<Granted>),
    /// The client must not use the address any more.
    Refused,
    /// Nobody said anything.
    None,
}

/// An answer to a message, with who sent it.
struct Heard {
    reply: Reply,
    server: Ipv4Addr,
    neighbour: MacAddress,
}

impl<W: Wire> Client<W> {
    pub(crate) fn new(wire: W, mac: MacAddress, identifier: Vec<u8>, wishes: Wishes) -> Self {
        Self {
            wire,
            mac,
            identifier,
            wishes,
        }
    }

    /// Gets an address.
    pub(crate) fn acquire(&self) -> Result<Granted, Failure> {
        for _ in 0..ATTEMPTS {
            // The same for what belongs together (RFC 2131, section 4.4.1).
            let transaction = transaction();
            let Some(offer) = self.discover(transaction)? else {
                return Err(Failure::new(
                    codes::TRY_AGAIN_LATER,
                    "no server offered an address: no more tries",
                ));
            };
            match self.request(transaction, &offer)? {
                Answer::Granted(granted) => return Ok(*granted),
                Answer::Refused => {}
                Answer::None => {
                    let text = format!(
                        "server {} offered {} and then said no more",
                        offer.server, offer.reply.address
                    );
                    return Err(Failure::new(codes::TRY_AGAIN_LATER, text));
                }
            }
        }
        Err(Failure::new(
            codes::TRY_AGAIN_LATER,
            "each offer was taken back by its server",
        ))
    }

    /// The first offer of any server.
    fn discover(&self, transaction: u32) -> Result<Option<Heard>, Failure> {
        let query = self.query(Kind::Discover, transaction, None, Vec::new());
        self.ask(&query, &to_all(), OF_DISCOVER, |heard| heard.reply.kind == Kind::Offer)
    }

    /// Takes an offer.
    fn request(&self, transaction: u32, offer: &Heard) -> Result<Answer, Failure> {
        let options = vec![
            (code::REQUESTED_ADDRESS, offer.reply.address.octets().to_vec()),
            (code::SERVER, offer.server.octets().to_vec()),
        ];
        let query = self.query(Kind::Request, transaction, None, options);
        let heard = self.ask(&query, &to_all(), OF_REQUEST, |heard| {
            is_verdict(heard) && heard.server == offer.server
        })?;
        self.verdict(heard)
    }

    /// Asks the server of a lease, or all servers, for more time.
    pub(crate) fn renew(&self, lease: &Lease, everybody: bool) -> Result<Answer, Failure> {
        let query = self.query(Kind::Request, transaction(), Some(lease.address), Vec::new());
        let envelope = if everybody {
            Outgoing {
                source: lease.address,
                ..to_all()
            }
        } else {
            to_server(lease)
        };
        let heard = self.ask(&query, &envelope, OF_RENEWAL, |heard| {
            is_verdict(heard) && (everybody || heard.server == lease.server)
        })?;
        match self.verdict(heard)? {
            // Another address is of no use to who has this one.
            Answer::Granted(granted) if granted.lease.address != lease.address => Ok(Answer::Refused),
            answer => Ok(answer),
        }
    }

    /// What gives a lease back.
    pub(crate) fn release(&self, lease: &Lease) -> Outgoing {
        let query = Query {
            options: vec![(code::SERVER, lease.server.octets().to_vec())],
            ..self.query(Kind::Release, transaction(), Some(lease.address), Vec::new())
        };
        let identifier = self
            .wishes
            .provided
            .iter()
            .find(|(code, _)| *code == code::CLIENT_IDENTIFIER);
        let query = Query {
            options: query.options.into_iter().chain(identifier.cloned()).collect(),
            ..query
        };
        Outgoing {
            payload: query.to_bytes(),
            ..to_server(lease)
        }
    }

    fn verdict(&self, heard: Option<Heard>) -> Result<Answer, Failure> {
        let Some(Heard {
            reply,
            server,
            neighbour,
        }) = heard
        else {
            return Ok(Answer::None);
        };
        if reply.kind == Kind::Refuse {
            return Ok(Answer::Refused);
        }
        let lease = Lease::of(&reply, server, neighbour)?;
        Ok(Answer::Granted(Box::new(Granted { lease, reply })))
    }

    fn query(
        &self,
        kind: Kind,
        transaction: u32,
        address: Option<Ipv4Addr>,
        mut options: Vec<(u8, Vec<u8>)>,
    ) -> Query<'_> {
        options.push(largest_message());
        options.push((code::PARAMETERS, self.wishes.requested.clone()));
        options.extend(self.wishes.provided.iter().cloned());
        Query {
            kind,
            transaction,
            mac: self.mac,
            address,
            identifier: &self.identifier,
            options,
        }
    }

    /// Sends a message until an answer to it is one that counts.
    fn ask(
        &self,
        query: &Query<'_>,
        envelope: &Outgoing,
        waits: &[u32],
        counts: impl Fn(&Heard) -> bool,
    ) -> Result<Option<Heard>, Failure> {
        let payload = query.to_bytes();
        for wait in waits {
            self.wire.send(Outgoing {
                payload: payload.clone(),
                ..envelope.clone()
            })?;
            let mut left = *wait;
            while left > 0 {
                let Some(datagram) = self.wire.receive(left)? else {
                    break;
                };
                // Whatever comes, it does not keep the client waiting longer.
                left = left.saturating_sub(datagram.waited.max(1));
                if let Some(heard) = self.heard(query, &datagram).filter(&counts) {
                    return Ok(Some(heard));
                }
            }
        }
        Ok(None)
    }

    /// An answer to a message; `None` for everything else that comes.
    fn heard(&self, query: &Query<'_>, datagram: &Incoming) -> Option<Heard> {
        let reply = Reply::read(&datagram.payload)?;
        let is_ours = reply.transaction == query.transaction && reply.mac == self.mac;
        let server = reply.address(code::SERVER).filter(|_| is_ours)?;
        Some(Heard {
            reply,
            server,
            neighbour: datagram.mac,
        })
    }
}

fn is_verdict(heard: &Heard) -> bool {
    matches!(heard.reply.kind, Kind::Acknowledge | Kind::Refuse)
}

/// By it answers are told from those to others.
fn transaction() -> u32 {
    let [a, b, c, d, ..] = random::number().to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

fn to_all() -> Outgoing {
    Outgoing {
        source: Ipv4Addr::UNSPECIFIED,
        destination: Ipv4Addr::BROADCAST,
        mac: None,
        payload: Vec::new(),
    }
}

fn to_server(lease: &Lease) -> Outgoing {
    Outgoing {
        source: lease.address,
        destination: lease.server,
        mac: Some(lease.neighbour),
        payload: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{cell::RefCell, collections::VecDeque};

    use super::*;
    use crate::message::tests::reply;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const SERVER: [u8; 4] = [10, 22, 0, 1];
    const LENT: [u8; 4] = [10, 22, 0, 5];
    const MASK: (u8, &[u8]) = (1, &[255, 255, 255, 0]);

    /// A message for a transaction.
    type Message = Box<dyn Fn(u32) -> Vec<u8>>;

    /// A server that answers each message with the next list of messages, made
    /// for the transaction.
    #[derive(Default)]
    struct Script {
        answers: RefCell<VecDeque<Vec<Message>>>,
        coming: RefCell<VecDeque<Vec<u8>>>,
        sent: RefCell<Vec<Outgoing>>,
    }

    impl Wire for Script {
        fn send(&self, datagram: Outgoing) -> Result<(), Error> {
            let transaction = u32::from_be_bytes(datagram.payload[4..8].try_into().unwrap());
            let answers = self.answers.borrow_mut().pop_front().unwrap_or_default();
            self.coming
                .borrow_mut()
                .extend(answers.iter().map(|answer| answer(transaction)));
            self.sent.borrow_mut().push(datagram);
            Ok(())
        }

        fn receive(&self, _: u32) -> Result<Option<Incoming>, Error> {
            let payload = self.coming.borrow_mut().pop_front();
            Ok(payload.map(|payload| Incoming {
                source: SERVER.into(),
                mac: MacAddress([2, 0, 0, 0, 0, 9]),
                payload,
                waited: 1,
            }))
        }
    }

    fn answer(kind: u8, server: [u8; 4]) -> Message {
        Box::new(move |transaction| reply(kind, transaction, MAC, LENT, &[MASK, (54, &server)]))
    }

    fn client(answers: Vec<Vec<Message>>) -> Client<Script> {
        let script = Script {
            answers: RefCell::new(answers.into()),
            ..Script::default()
        };
        Client::new(script, MAC, b"\0me".to_vec(), Wishes::default())
    }

    #[test]
    fn an_offer_is_taken_and_granted() {
        let client = client(vec![vec![answer(2, SERVER)], vec![answer(5, SERVER)]]);
        let granted = client.acquire().unwrap();
        assert_eq!(granted.lease.address, Ipv4Addr::from(LENT));
        let sent = client.wire.sent.borrow();
        assert!(
            sent.iter()
                .all(|datagram| datagram.source.is_unspecified() && datagram.mac.is_none())
        );
        let requested = sent[1].payload.windows(6).any(|window| window == [50, 4, 10, 22, 0, 5]);
        assert!(requested, "the request names the address");
        assert_eq!(sent[0].payload[4..8], sent[1].payload[4..8], "both are one transaction");
    }

    #[test]
    fn answers_to_others_and_of_others_are_passed_over() {
        let other = [10, 22, 0, 99];
        let stranger = MacAddress([2, 0, 0, 0, 0, 7]);
        let junk: Vec<Message> = vec![
            Box::new(|_| b"junk".to_vec()),
            Box::new(|transaction| reply(2, transaction ^ 1, MAC, [9; 4], &[MASK, (54, &SERVER)])),
            Box::new(move |transaction| reply(2, transaction, stranger, [9; 4], &[MASK, (54, &SERVER)])),
            Box::new(|transaction| reply(2, transaction, MAC, [9; 4], &[MASK])),
            answer(5, SERVER),
            answer(2, SERVER),
        ];
        let client = client(vec![
            junk,
            vec![answer(6, other), answer(5, other), answer(2, SERVER), answer(5, SERVER)],
        ]);
        let granted = client.acquire().unwrap();
        assert_eq!(
            (granted.lease.address, granted.lease.server),
            (LENT.into(), SERVER.into())
        );
    }

    #[test]
    fn who_is_refused_begins_anew_but_not_for_ever() {
        let round = || vec![vec![answer(2, SERVER)], vec![answer(6, SERVER)]];
        let good = vec![vec![answer(2, SERVER)], vec![answer(5, SERVER)]];
        assert!(client(round().into_iter().chain(good).collect()).acquire().is_ok());
        let failure = client(round().into_iter().chain(round()).chain(round()).collect())
            .acquire()
            .unwrap_err();
        assert_eq!(
            (failure.code, failure.message.as_str()),
            (11, "each offer was taken back by its server")
        );
    }

    #[test]
    fn a_message_is_repeated_until_nobody_is_expected_to_answer() {
        let failure = client(Vec::new()).acquire().unwrap_err();
        assert_eq!(
            (failure.code, failure.message.as_str()),
            (11, "no server offered an address: no more tries")
        );
        let client = client(vec![
            vec![],
            vec![],
            vec![answer(2, SERVER)],
            vec![],
            vec![answer(5, SERVER)],
        ]);
        assert!(client.acquire().is_ok());
        assert_eq!(client.wire.sent.borrow().len(), 5);
    }

    #[test]
    fn a_flood_does_not_keep_it_waiting() {
        let flood =
            |_: usize| -> Vec<Message> { (0..20_000).map(|_| Box::new(|_| b"junk".to_vec()) as Message).collect() };
        let client = client((0..1).map(flood).collect());
        assert_eq!(client.acquire().unwrap_err().code, 11);
        assert_eq!(client.wire.sent.borrow().len(), OF_DISCOVER.len());
    }

    #[test]
    fn a_lease_is_renewed_with_its_server_and_rebound_with_any() {
        let client = client(vec![vec![answer(2, SERVER)], vec![answer(5, SERVER)]]);
        let lease = client.acquire().unwrap().lease;
        let other = [10, 22, 0, 99];
        for (everybody, from, granted) in [(false, SERVER, true), (false, other, false), (true, other, true)] {
            client.wire.answers.borrow_mut().push_back(vec![answer(5, from)]);
            client.wire.sent.borrow_mut().clear();
            let renewed = matches!(client.renew(&lease, everybody).unwrap(), Answer::Granted(_));
            assert_eq!(renewed, granted, "{everybody} {from:?}");
            let sent = &client.wire.sent.borrow()[0];
            assert_eq!((sent.source, sent.mac.is_none()), (lease.address, everybody));
        }
    }

    #[test]
    fn another_address_or_a_refusal_ends_a_lease() {
        let client = client(vec![vec![answer(2, SERVER)], vec![answer(5, SERVER)]]);
        let lease = client.acquire().unwrap().lease;
        let other: Message = Box::new(|transaction| reply(5, transaction, MAC, [10, 22, 0, 6], &[MASK, (54, &SERVER)]));
        for bad in [other, answer(6, SERVER)] {
            client.wire.answers.borrow_mut().push_back(vec![bad]);
            assert!(matches!(client.renew(&lease, false).unwrap(), Answer::Refused));
        }
    }

    #[test]
    fn a_lease_is_given_back_to_its_server_alone() {
        let client = client(vec![vec![answer(2, SERVER)], vec![answer(5, SERVER)]]);
        let lease = client.acquire().unwrap().lease;
        let datagram = client.release(&lease);
        assert_eq!((datagram.source, datagram.destination), (LENT.into(), SERVER.into()));
        assert_eq!(datagram.mac, Some(lease.neighbour));
        let payload = &datagram.payload;
        assert_eq!(payload[12..16], LENT);
        for option in [&[53, 1, 7][..], &[54, 4, 10, 22, 0, 1], &[61, 3, 0, b'm', b'e']] {
            assert!(
                payload.windows(option.len()).any(|window| window == option),
                "{option:?}"
            );
        }
    }
}
