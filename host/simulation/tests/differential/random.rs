//! Sequences of operations by chance. What they act on is a few names,
//! addresses and tables, so that they get in each other's way.

use cofferdam_network::{LinkSettings, MacvlanMode, RateLimit, Route, RouteMode, Rule, Vxlan, nftables};
use cofferdam_protocol::{IpPrefix, Place};
use proptest::{
    collection::vec,
    option::{of, weighted},
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseError, TestRunner},
};

use crate::{
    both::in_new_namespaces,
    cases::nftables as known,
    step::{At, End, Step, mac},
};

/// As many as run in a few seconds.
const USUAL_CASES: u32 = 100;
/// The kernel mostly waits for itself, so several run at a time.
const RUNNERS: u32 = 4;
const LONGEST: usize = 40;

#[test]
fn any_sequence_of_operations_ends_alike_and_leaves_the_same() {
    if let Err(reason) = cofferdam_tests::kernel_access() {
        return cofferdam_tests::skip(&reason);
    }
    let wanted = std::env::var("COFFERDAM_DIFFERENTIAL_CASES");
    let cases = wanted.ok().map_or(USUAL_CASES, |cases| cases.parse().unwrap());
    std::thread::scope(|scope| {
        let runners: Vec<_> = (0..RUNNERS)
            .map(|_| scope.spawn(|| hold(cases.div_ceil(RUNNERS))))
            .collect();
        for runner in runners {
            runner
                .join()
                .unwrap_or_else(|difference| std::panic::resume_unwind(difference));
        }
    });
}

fn hold(cases: u32) {
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    });
    let outcome = runner.run(&vec(step(), 1..LONGEST), |steps| {
        in_new_namespaces(false, |both| {
            for at in beginning() {
                both.run(&at).map_err(TestCaseError::fail)?;
            }
            for step in &steps {
                both.run(step).map_err(TestCaseError::fail)?;
                let same = both.compare();
                same.map_err(|why| TestCaseError::fail(format!("after {step:?}:\n{why}")))?;
            }
            Ok(())
        })
    });
    outcome.unwrap_or_else(|difference| panic!("{difference}"));
}

/// Some links, so that most steps find one.
fn beginning() -> Vec<Step> {
    let lines = [
        "bridge br0",
        "veth eth0@c veth0",
        "veth a b",
        "up a",
        "up b",
        "up eth0@c",
        "up veth0",
        "address add 10.22.0.2/16 dev eth0@c",
        "address add fd00::2/64 dev eth0@c",
    ];
    lines.map(crate::language::step).to_vec()
}

fn place() -> impl Strategy<Value = Place> {
    select(vec![Place::Host, Place::Container])
}

/// Mostly links of the beginning.
fn at() -> impl Strategy<Value = At> {
    let usual = ["a", "b", "veth0", "br0", "eth0@c", "a", "veth0", "eth0@c"];
    let rare = ["lo", "lo@c", "br0@c", "c", "a@c", "x", "x@c", "nobody"];
    prop_oneof![3 => select(usual.to_vec()), 1 => select(rare.to_vec())].prop_map(|word| word.parse().unwrap())
}

/// Mostly a name that a link can have.
fn new_at() -> impl Strategy<Value = At> {
    let words = [
        "c",
        "x",
        "x@c",
        "br0@c",
        "a",
        "b@c",
        "eth0@c",
        "veth0",
        "sixteen-letters!",
        "a/b",
    ];
    select(words.to_vec()).prop_map(|word| word.parse().unwrap())
}

fn name() -> impl Strategy<Value = String> {
    select(vec!["br0", "br0", "br0", "a", "b", "c", "x", "lo", "nobody"]).prop_map(str::to_owned)
}

fn mtu() -> impl Strategy<Value = u32> {
    select(vec![68, 1279, 1280, 1400, 1500, 9000, 65_535, 65_536, 67])
}

fn ipv4() -> impl Strategy<Value = IpPrefix> {
    let all = [
        "10.22.0.2/16",
        "10.22.0.3/16",
        "10.22.0.2/24",
        "10.23.0.2/32",
        "10.24.0.2/31",
        "10.25.0.1/8",
        "0.0.0.0/8",
    ];
    select(all.to_vec()).prop_map(|text| text.parse().unwrap())
}

fn ipv6() -> impl Strategy<Value = IpPrefix> {
    let all = [
        "fd00::2/64",
        "fd00::3/64",
        "fd00::2/48",
        "fd01::2/128",
        "fe80::2/64",
        "::/64",
    ];
    select(all.to_vec()).prop_map(|text| text.parse().unwrap())
}

fn address() -> impl Strategy<Value = IpPrefix> {
    prop_oneof![ipv4(), ipv6()]
}

fn route() -> impl Strategy<Value = Route> {
    let v4 = (
        select(vec![
            "192.0.2.0/24",
            "192.0.2.0/25",
            "0.0.0.0/0",
            "10.22.0.0/16",
            "10.30.0.7/16",
        ]),
        weighted(
            0.5,
            select(vec![
                "10.22.0.1",
                "10.22.0.9",
                "10.22.0.2",
                "192.0.2.1",
                "10.22.255.255",
                "fd00::1",
            ]),
        ),
        weighted(0.15, select(vec!["10.22.0.2", "10.22.0.3", "127.0.0.1"])),
        weighted(0.15, select(vec![0_u8, 200, 253, 254, 255])),
    );
    let v6 = (
        select(vec!["2001:db8::/32", "2001:db8::/33", "::/0", "fd00::/64"]),
        weighted(
            0.5,
            select(vec![
                "fd00::1",
                "fd00::9",
                "fd00::2",
                "2001:db8::1",
                "fe80::1",
                "ff02::1",
            ]),
        ),
        weighted(0.15, select(vec!["fd00::2", "fd00::3"])),
        weighted(0.05, select(vec![0_u8, 253])),
    );
    let metric = weighted(0.3, select(vec![0, 5, 256, 1024]));
    let table = weighted(0.25, select(vec![100, 254, 70_000]));
    let sizes = (
        weighted(0.15, select(vec![0, 1400, 65_530])),
        weighted(0.05, Just(1360)),
    );
    (prop_oneof![v4, v6], metric, table, sizes).prop_map(|((to, via, from, scope), priority, table, (mtu, advmss))| {
        Route {
            destination: to.parse().unwrap(),
            gateway: via.map(|text| text.parse().unwrap()),
            source: from.map(|text| text.parse().unwrap()),
            priority,
            table,
            scope,
            mtu,
            advmss,
        }
    })
}

fn mode() -> impl Strategy<Value = RouteMode> {
    select(vec![RouteMode::Exclusive, RouteMode::Append, RouteMode::Replace])
}

fn rule() -> impl Strategy<Value = Rule> {
    let prefix = |v4: &'static str, v6: &'static str| {
        weighted(0.3, select(vec![v4, v6])).prop_map(|text| text.map(|text| text.parse::<IpPrefix>().unwrap()))
    };
    let interface = || weighted(0.15, select(vec!["a", "lo", "x"]).prop_map(str::to_owned));
    (
        any::<bool>(),
        prefix("10.0.0.0/8", "fd00::/8"),
        prefix("10.22.0.0/16", "2001:db8::/32"),
        interface(),
        interface(),
        weighted(0.2, select(vec![0, 1])),
        of(select(vec![0, 1000, 1001])),
        select(vec![100, 101, 254]),
    )
        .prop_map(
            |(ipv6, source, destination, input, output, mark, priority, table)| Rule {
                ipv6,
                source: source.filter(|prefix| prefix.is_ipv6() == ipv6),
                destination: destination.filter(|prefix| prefix.is_ipv6() == ipv6),
                input_interface: input,
                output_interface: output,
                mark,
                priority,
                table,
            },
        )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![2 => making(), 4 => setting_links(), 1 => of_vxlans(), 5 => routing(), 1 => kernel_setting(), 2 => packet_filter()]
}

fn making() -> impl Strategy<Value = Step> {
    // Which of two faults the kernel tells depends on its version.
    let possible = || mtu().prop_filter("a size", |mtu| (68..=65_535).contains(mtu));
    let end = || (new_at(), weighted(0.2, possible()), weighted(0.2, name()));
    let veth = (end(), end()).prop_map(|(first, second)| {
        let end = |(at, mtu, master)| End { at, mtu, master };
        Step::Veth(end(first), end(second))
    });
    let bridge = (new_at(), weighted(0.2, possible())).prop_map(|(at, mtu)| Step::Bridge {
        at,
        mtu,
        filters: false,
    });
    let modes = vec![MacvlanMode::Bridge, MacvlanMode::Private, MacvlanMode::Vepa];
    let macvlan = select(modes).prop_map(|mode| LinkSettings::Macvlan {
        mode,
        broadcast_queue_length: None,
    });
    let macvlan =
        (new_at(), select(vec!["a", "veth0", "eth0@c", "br0"]), macvlan).prop_map(|(at, parent, settings)| {
            Step::Link {
                at,
                mtu: None,
                parent: Some(parent.parse().unwrap()),
                settings,
            }
        });
    let ifb = new_at().prop_map(|at| Step::Link {
        at,
        mtu: None,
        parent: None,
        settings: LinkSettings::Ifb,
    });
    prop_oneof![3 => veth, 1 => bridge, 1 => macvlan, 1 => ifb, 1 => vxlan(), 2 => at().prop_map(Step::Delete)]
}

/// Of a name that nothing is moved to: one that is moved still is a VXLAN of
/// the namespace that it came from.
fn vxlan() -> impl Strategy<Value = Step> {
    let at = select(vec!["vx", "vx", "vy"]).prop_map(|word| word.parse::<At>().unwrap());
    let id = select(vec![5, 6]);
    let parent = weighted(0.5, select(vec!["a", "veth0", "br0", "nobody"]));
    let local = weighted(0.5, select(vec!["10.22.0.2", "10.99.0.1"]));
    let group = weighted(0.2, Just("239.1.1.1"));
    (at, id, parent, local, group, any::<bool>()).prop_map(|(at, id, parent, local, group, learning)| Step::Link {
        at,
        mtu: None,
        parent: parent.map(|parent| parent.parse().unwrap()),
        settings: LinkSettings::Vxlan(Vxlan {
            id,
            port: 4789,
            parent: None,
            local: local.map(|text| text.parse().unwrap()),
            group: group.map(|text| text.parse().unwrap()),
            ttl: 0,
            learning,
        }),
    })
}

fn of_vxlans() -> impl Strategy<Value = Step> {
    let at = || select(vec!["vx", "vx", "vx", "vy", "a", "nobody"]).prop_map(|word| word.parse::<At>().unwrap());
    let peer = || select(vec!["10.22.0.9", "10.22.0.8", "fd00::9"]).prop_map(|text| text.parse().unwrap());
    prop_oneof![
        3 => (at(), peer()).prop_map(|(link, peer)| Step::AddPeer(link, peer)),
        2 => (at(), peer()).prop_map(|(link, peer)| Step::DeletePeer(link, peer)),
        2 => (at(), any::<bool>()).prop_map(|(link, up)| Step::Up(link, up)),
        1 => (at(), weighted(0.7, name())).prop_map(|(link, master)| Step::Master(link, master)),
        1 => at().prop_map(Step::Delete),
        1 => (at(), select(vec![1400, 1450, 1451, 1500])).prop_map(|(link, mtu)| Step::Mtu(link, mtu)),
    ]
}

fn setting_links() -> impl Strategy<Value = Step> {
    let limit = select(vec![(1_000_000, 100_000), (1_000_000_000, 1), (0, 1)]).prop_map(|(rate, burst)| RateLimit {
        rate,
        burst,
        latency: 25_000,
    });
    // Before 6.2 a link that is up keeps its name.
    let moved = (at(), select(vec!["a@c", "a", "x@c", "veth0", "eth0@c", "eth0", "lo@c"]))
        .prop_map(|(link, to)| (link, to.parse::<At>().unwrap()))
        .prop_filter("a rename", |(link, to)| link.place != to.place)
        .prop_map(|(link, to)| Step::Move(link, to));
    prop_oneof![
        6 => (at(), any::<bool>()).prop_map(|(link, up)| Step::Up(link, up)),
        2 => (at(), mtu()).prop_filter("the loopback", |(link, _)| link.name != "lo").prop_map(|(link, mtu)| Step::Mtu(link, mtu)),
        1 => (at(), select(vec!["one", "two"])).prop_map(|(link, text)| Step::Mac(link, mac(text))),
        1 => (at(), any::<bool>()).prop_map(|(link, on)| Step::Promiscuous(link, on)),
        1 => (at(), any::<bool>()).prop_map(|(link, on)| Step::AllMulticast(link, on)),
        1 => (at(), select(vec![0, 5])).prop_map(|(link, packets)| Step::QueueLength(link, packets)),
        3 => (at(), weighted(0.7, name())).prop_map(|(link, master)| Step::Master(link, master)),
        1 => (at(), any::<bool>()).prop_map(|(link, on)| Step::Hairpin(link, on)),
        1 => (at(), any::<bool>()).prop_map(|(link, on)| Step::Isolated(link, on)),
        1 => (at(), limit).prop_map(|(link, limit)| Step::Limit(link, limit)),
        1 => at().prop_map(Step::DeleteLimit),
        1 => (at(), name()).prop_map(|(link, to)| Step::Redirect(link, to)),
        1 => at().prop_map(Step::DeleteRedirect),
        2 => moved,
    ]
}

fn routing() -> impl Strategy<Value = Step> {
    let neighbor = || select(vec!["10.22.0.9", "10.22.0.1", "fd00::9"]).prop_map(|text| text.parse().unwrap());
    prop_oneof![
        5 => (at(), address()).prop_map(|(link, address)| Step::AddAddress(link, address)),
        3 => (at(), address()).prop_map(|(link, address)| Step::DeleteAddress(link, address)),
        7 => (at(), route(), mode()).prop_map(|(link, route, mode)| Step::AddRoute(link, route, mode)),
        3 => (at(), route()).prop_map(|(link, route)| Step::DeleteRoute(link, route)),
        2 => (place(), rule()).prop_map(|(place, rule)| Step::AddRule(place, rule)),
        1 => (place(), rule()).prop_map(|(place, rule)| Step::DeleteRule(place, rule)),
        2 => (at(), neighbor()).prop_map(|(link, address)| Step::AddNeighbor(link, address)),
        1 => (at(), neighbor()).prop_map(|(link, address)| Step::DeleteNeighbor(link, address)),
    ]
}

fn kernel_setting() -> impl Strategy<Value = Step> {
    let keys = [
        "net/ipv4/ip_forward",
        "net/ipv4/conf/%/forwarding",
        "net/ipv4/conf/%/arp_notify",
        "net/ipv4/conf/%/promote_secondaries",
        "net/ipv6/conf/%/forwarding",
        "net/ipv6/conf/%/disable_ipv6",
        "net/ipv6/conf/%/accept_ra",
        "net/ipv6/conf/%/keep_addr_on_down",
    ];
    let whose = ["all", "default", "a", "veth0", "eth0", "lo", "nobody"];
    let value = select(vec!["0", "1", "2", "0x1", "no"]);
    (place(), select(keys.to_vec()), select(whose.to_vec()), value)
        .prop_map(|(place, key, whose, value)| Step::Set(place, key.replace('%', whose), value.to_owned()))
}

fn packet_filter() -> impl Strategy<Value = Step> {
    let id = || select(known::ids());
    let set = || select(known::sets());
    let base = weighted(
        0.3,
        (
            select(vec![nftables::Hook::Forward, nftables::Hook::Input]),
            select(vec![0, 10]),
        ),
    );
    let targets = weighted(0.5, select(known::CHAINS.to_vec()));
    let chain = (select(known::CHAINS.to_vec()), base, targets)
        .prop_map(|(name, base, target)| known::chain(name, base, target.as_slice()))
        .boxed();
    let table = (id(), vec(chain.clone(), 0..4))
        .prop_map(|(id, chains)| known::table(&id, chains))
        .boxed();
    let elements = || (id(), set(), vec(0..4_usize, 1..3));
    let chosen = |set: &nftables::Set, numbers: Vec<usize>| {
        let all = known::elements(set);
        numbers.into_iter().map(|number| all[number].clone()).collect()
    };
    prop_oneof![
        3 => (place(), table.clone()).prop_map(|(place, table)| Step::CreateTable(place, table)),
        2 => (place(), table.clone()).prop_map(|(place, table)| Step::ReplaceChains(place, table)),
        1 => (place(), table).prop_map(|(place, table)| Step::RefillChains(place, table)),
        1 => (place(), id()).prop_map(|(place, id)| Step::DeleteTable(place, id)),
        2 => (place(), id(), chain).prop_map(|(place, id, chain)| Step::CreateChain(place, id, known::sets(), chain)),
        1 => (place(), id(), select(known::CHAINS.to_vec()))
            .prop_map(|(place, id, name)| Step::DeleteChain(place, id, name.to_owned())),
        3 => (place(), elements()).prop_map(move |(place, (id, set, numbers))| {
            let elements = chosen(&set, numbers);
            Step::AddElements(place, id, set, elements)
        }),
        1 => (place(), elements()).prop_map(move |(place, (id, set, numbers))| {
            let elements = chosen(&set, numbers);
            Step::DeleteElements(place, id, set, elements)
        }),
    ]
}
