//! Many attachments at once, on several networks, while calls are killed at
//! random: no address is given out twice, nobody waits for ever, whatever
//! fails goes well when the runtime tries again, and at the end nothing is
//! left.
//!
//! `COFFERDAM_RAIN` is the number of attachments, `COFFERDAM_RAIN_SEED` makes
//! the choices those of an earlier run; what they meet is the machine's.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::{
    collections::{BTreeMap, VecDeque},
    env, fs,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cofferdam_tests::{Container, Mortals, Output, Site, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

const ATTACHMENTS: usize = 1000;
const NETWORKS: usize = 8;
const WORKERS: usize = 8;
/// How many attachments a worker keeps before it takes the oldest away. So
/// long as they are on different networks a /28 has room for all.
const KEPT: usize = 4;
/// At most one call in so many is killed, so that the others get on.
const CALLS_FOR_A_KILL: usize = 4;
/// The longest pause between two kills.
const LONGEST_PAUSE: Duration = Duration::from_millis(12);
/// A call that fails so often in a row, without being killed, will not go
/// well.
const PATIENCE: usize = 5;

/// Choices that can be made again (SplitMix64).
struct Choices(u64);

impl Choices {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|error| panic!("{variable}={text}: {error}")),
    )
}

/// A bridge and a small range for each; the first two masquerade, and others
/// have what else takes part in an attachment.
fn network(number: usize) -> Value {
    let config = with(
        bridge_network("1.1.0"),
        json!({
            "name": format!("rain{number}"), "bridge": format!("cni{number}"),
            "ipam": { "subnet": format!("10.22.{number}.0/28") },
        }),
    );
    match number {
        0 | 1 => with(config, json!({ "ipMasq": true, "ipMasqBackend": "nftables" })),
        2 => with(
            config,
            json!({ "ipam": {
                "subnet": null, "ranges": [[{ "subnet": "10.22.2.0/28" }], [{ "subnet": "fd00:22::/64" }]],
            } }),
        ),
        3 => in_a_chain(&config),
        4 => with(config, json!({ "mtu": 1400, "hairpinMode": true })),
        5 => with(config, json!({ "promiscMode": true, "portIsolation": true })),
        _ => config,
    }
}

fn in_a_chain(config: &Value) -> Value {
    let member = with(config.clone(), json!({ "cniVersion": null, "name": null }));
    json!({
        "cniVersion": "1.1.0", "name": config["name"], "type": "cofferdam",
        "chain": [member, { "type": "loopback" }],
    })
}

/// An attachment from its first ADD to its last DEL.
struct Attachment {
    container: Container,
    network: usize,
}

#[derive(Default)]
struct Counts {
    calls: BTreeMap<&'static str, usize>,
    killed: usize,
    /// Calls that failed without being killed, and what they said.
    failed: Vec<String>,
    /// What no number of retries cured, and what should never be.
    faults: Vec<String>,
    longest_call: Duration,
}

struct Rain {
    site: Site,
    networks: Vec<Value>,
    timings: PathBuf,
    total: usize,
    begun: AtomicUsize,
    started_calls: AtomicUsize,
    working: AtomicUsize,
    mortals: Mortals,
    counts: Mutex<Counts>,
    /// Who has which address, by what the runtimes were told.
    addresses: Mutex<BTreeMap<String, String>>,
}

/// One worker less, also when it panics.
struct Working<'a>(&'a AtomicUsize);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Rain {
    fn new(total: usize) -> Self {
        let site = Site::new();
        site.node().keep_links_bare();
        let timings = site.installation().root().join("timings");
        Self {
            site,
            networks: (0..NETWORKS).map(network).collect(),
            timings,
            total,
            begun: AtomicUsize::new(0),
            started_calls: AtomicUsize::new(0),
            working: AtomicUsize::new(WORKERS),
            mortals: Mortals::default(),
            counts: Mutex::new(Counts::default()),
            addresses: Mutex::new(BTreeMap::new()),
        }
    }

    /// A call among those that may be killed; `None` when it was.
    fn call(&self, verb: &'static str, attachment: &Attachment, config: &Value, reachable: bool) -> Option<Output> {
        let started = Instant::now();
        self.started_calls.fetch_add(1, Ordering::SeqCst);
        let mut call = self.site.call(verb, &attachment.container, config);
        if !reachable {
            call = call.netns_path("/nonexistent");
        }
        let timings = self.timings.to_string_lossy();
        let output = call.argument("--timing").argument(&timings).run_among(&self.mortals);
        let mut counts = self.counts.lock().unwrap();
        *counts.calls.entry(verb).or_default() += 1;
        counts.killed += usize::from(output.is_none());
        counts.longest_call = counts.longest_call.max(started.elapsed());
        output
    }

    /// Calls again until it goes well. Between two ADDs there is a DEL, as a
    /// runtime does it.
    fn insist(&self, verb: &'static str, attachment: &Attachment, config: &Value, reachable: bool) -> Option<Output> {
        let mut failures = 0;
        while failures < PATIENCE {
            match self.call(verb, attachment, config, reachable) {
                Some(output) if output.code == 0 => return Some(output),
                Some(output) => {
                    failures += 1;
                    self.counts.lock().unwrap().failed.push(output.to_string());
                }
                None => failures = 0,
            }
            if verb == "ADD" {
                self.insist("DEL", attachment, config, reachable)?;
            }
        }
        self.fault(format!(
            "{verb} of {} on network {} does not go well",
            attachment.container.id, attachment.network
        ));
        None
    }

    fn fault(&self, text: String) {
        self.counts.lock().unwrap().faults.push(text);
    }

    fn attach(&self, attachment: &Attachment) {
        let config = &self.networks[attachment.network];
        let Some(output) = self.insist("ADD", attachment, config, true) else {
            return;
        };
        let mut addresses = self.addresses.lock().unwrap();
        for address in output.result()["ips"].as_array().unwrap() {
            let address = address["address"].as_str().unwrap().to_owned();
            if let Some(other) = addresses.insert(address.clone(), attachment.container.id.clone()) {
                drop(addresses);
                return self.fault(format!("{address} is {other}'s and {}'s", attachment.container.id));
            }
        }
    }

    /// What the runtimes know of its addresses goes before the addresses do.
    fn forget(&self, attachment: &Attachment) {
        let id = &attachment.container.id;
        self.addresses.lock().unwrap().retain(|_, owner| owner != id);
    }

    fn detach(&self, attachment: Attachment, choices: &mut Choices) {
        self.forget(&attachment);
        let config = &self.networks[attachment.network];
        // Some containers are gone by then, and their namespaces with them.
        if choices.below(4) > 0 {
            self.insist("DEL", &attachment, config, true);
            return;
        }
        let Attachment { container, network } = attachment;
        let id = container.id.clone();
        drop(container);
        let gone = Attachment {
            container: Container::new(&id),
            network,
        };
        self.insist("DEL", &gone, config, false);
    }

    /// Makes attachments and takes them away. Those that are left at the end
    /// are for GC.
    fn work(&self, worker: usize, mut choices: Choices) -> Vec<Attachment> {
        let _working = Working(&self.working);
        let mut kept = VecDeque::new();
        loop {
            let number = self.begun.fetch_add(1, Ordering::SeqCst);
            if number >= self.total {
                break;
            }
            let attachment = Attachment {
                container: Container::new(&format!("c{number}")),
                network: (worker + number) % NETWORKS,
            };
            self.attach(&attachment);
            kept.push_back(attachment);
            if kept.len() > KEPT {
                self.detach(kept.pop_front().unwrap(), &mut choices);
            }
        }
        let (left, detached): (Vec<_>, Vec<_>) = kept.into_iter().partition(|kept| kept.network % 2 == 1);
        for attachment in detached {
            self.detach(attachment, &mut choices);
        }
        left
    }

    fn kill(&self, mut choices: Choices) -> usize {
        let mut kills = 0;
        while self.working.load(Ordering::SeqCst) > 0 {
            let longest = u64::try_from(LONGEST_PAUSE.as_micros()).unwrap();
            thread::sleep(Duration::from_micros(choices.below(longest)));
            if kills * CALLS_FOR_A_KILL < self.started_calls.load(Ordering::SeqCst) {
                let choose = |count: usize| usize::try_from(choices.below(count as u64)).unwrap();
                kills += usize::from(self.mortals.kill_one(choose));
            }
        }
        kills
    }

    fn run(&self, seed: u64) {
        let mut choices = Choices(seed);
        let left: Vec<Attachment> = thread::scope(|scope| {
            let workers: Vec<_> = (0..WORKERS)
                .map(|worker| {
                    let choices = Choices(choices.next());
                    scope.spawn(move || self.work(worker, choices))
                })
                .collect();
            let choices = Choices(choices.next());
            scope.spawn(move || self.kill(choices));
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        for (number, config) in self.networks.iter().enumerate().filter(|(number, _)| number % 2 == 1) {
            let valid = json!({ "cni.dev/valid-attachments": [], "cni.dev/attachments": [] });
            if let Some(any) = left.iter().find(|left| left.network == number) {
                self.insist("GC", any, &with(config.clone(), valid), true);
            }
        }
    }

    /// The longest of the waits that the calls told of which came to their
    /// end.
    fn longest_wait(&self) -> Duration {
        let lines = fs::read_to_string(&self.timings).unwrap();
        let waits = lines.lines().filter_map(|line| {
            let times: Value = serde_json::from_str(line).ok()?;
            times["longest wait for a lock"].as_f64()
        });
        Duration::from_secs_f64(waits.fold(0.0, f64::max) / 1e6)
    }
}

#[test]
fn whatever_is_killed_no_address_is_given_twice_and_nothing_is_left() {
    needs_kernel!();
    let total = number("COFFERDAM_RAIN").map_or(ATTACHMENTS, |number| usize::try_from(number).unwrap());
    let seed = number("COFFERDAM_RAIN_SEED").unwrap_or_else(|| getrandom::u64().unwrap());
    println!("rain: seed {seed}");
    let rain = Rain::new(total);
    let before = rain.site.snapshot().and_state(rain.site.installation());
    let started = Instant::now();

    rain.run(seed);

    let duration = started.elapsed();
    let counts = rain.counts.lock().unwrap();
    println!(
        "rain: {total} attachments on {NETWORKS} networks, {WORKERS} calls at once: calls {:?}, of them {} killed and \
         {} failed, all cured by a retry; longest wait for a lock {:?}, longest call {:?}, {:.1} s in all",
        counts.calls,
        counts.killed,
        counts.failed.len(),
        rain.longest_wait(),
        counts.longest_call,
        duration.as_secs_f64()
    );
    for failure in counts.failed.iter().take(3) {
        println!("rain: failed, and cured by a retry: {failure}");
    }
    assert!(
        counts.faults.is_empty(),
        "{}\n{:#?}",
        counts.faults.join("\n"),
        counts.failed
    );
    let locked = counts.failed.iter().find(|failure| failure.contains("is locked by"));
    assert_eq!(locked, None, "somebody waited for a lock until the end");
    assert!(total < 100 || counts.killed > 0, "nothing was killed");
    let after = rain.site.snapshot().and_state(rain.site.installation());
    before.assert_same(&after);
}
