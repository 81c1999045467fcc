//! The keeper: has plugins called for what they keep when it is due.
//!
//! All that it knows is in the records; it can be ended and started at any
//! time. Each call is a process of its own: the executable that runtimes
//! execute, which gives up what a call does not need.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use anyhow::bail;
use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_journal::{StateDirectory, Upkeep, UpkeepRecord, since_boot};

use crate::output::complain;

/// Where runtimes find Cofferdam.
const EXECUTABLE: &str = "opt/cni/bin/cofferdam";
/// Between two looks at what is kept.
const PAUSE: Duration = Duration::from_millis(500);
/// After a call that left its record as it was.
const AGAIN: Duration = Duration::from_secs(60);
/// Calls at a time.
const AT_ONCE: usize = 8;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The executable that runs plugins: the one that runtimes execute.
    #[arg(long, value_name = "FILE")]
    cofferdam: Option<PathBuf>,
    /// Does what is due now, and ends.
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<()> {
    let usual = installation.root().join(EXECUTABLE);
    let executable = arguments.cofferdam.clone().unwrap_or(usual);
    if !executable.exists() {
        bail!(
            "{} is not there; --cofferdam FILE tells where it is",
            executable.display()
        );
    }
    let mut keeper = Keeper {
        installation,
        executable,
        records: BTreeMap::new(),
        read: None,
        put_off: BTreeMap::new(),
    };
    loop {
        keeper.look()?;
        keeper.call_due();
        if arguments.once {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
}

struct Keeper<'a> {
    installation: &'a Installation,
    executable: PathBuf,
    /// What was kept when the directory was read last.
    records: BTreeMap<PathBuf, UpkeepRecord>,
    /// When the directory had changed then.
    read: Option<SystemTime>,
    /// Records that a call left as they were, and until when they are.
    put_off: BTreeMap<PathBuf, (UpkeepRecord, Duration)>,
}

impl Keeper<'_> {
    /// Reads the records, where one has come, changed or gone.
    fn look(&mut self) -> anyhow::Result<()> {
        let Some(state) = StateDirectory::open_existing(&self.installation.state())? else {
            return Ok(());
        };
        let upkeep = state.upkeep();
        let changed = changed(&upkeep);
        if changed.is_some() && changed == self.read {
            return Ok(());
        }
        self.records.clear();
        for (path, record) in upkeep.all()? {
            match record {
                Ok(record) => {
                    self.records.insert(path, record);
                }
                Err(error) => complain(&format!("keep: {error}")),
            }
        }
        self.put_off
            .retain(|path, (record, _)| self.records.get(path) == Some(record));
        // What changes within the clock's resolution is read once more.
        let is_settled = changed.is_some_and(|at| at.elapsed().is_ok_and(|age| age > PAUSE));
        self.read = changed.filter(|_| is_settled);
        Ok(())
    }

    fn call_due(&mut self) {
        let now = since_boot();
        let is_due = |path: &Path, record: &UpkeepRecord| {
            let put_off = self.put_off.get(path).is_some_and(|(_, until)| *until > now);
            !put_off && record.due.is_some_and(|due| due <= now)
        };
        let due: Vec<(PathBuf, UpkeepRecord)> = self
            .records
            .iter()
            .filter(|(path, record)| is_due(path, record))
            .map(|(path, record)| (path.clone(), record.clone()))
            .collect();
        for some in due.chunks(AT_ONCE) {
            let calls: Vec<_> = some.iter().map(|(path, _)| self.begin(path)).collect();
            for (call, (path, record)) in calls.into_iter().zip(some) {
                if let Err(why) = call.and_then(end) {
                    complain(&format!(
                        "keep: {} (plugin {}): {why}",
                        record.attachment, record.plugin
                    ));
                }
                // Whatever came of it, one that is as it was is not due at once.
                self.put_off
                    .insert(path.clone(), (record.clone(), since_boot() + AGAIN));
            }
        }
    }

    fn begin(&self, record: &Path) -> Result<Child, String> {
        let mut command = Command::new(&self.executable);
        command.arg("--root").arg(self.installation.root());
        command.arg("--wake").arg(record);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
            .spawn()
            .map_err(|error| format!("{} can't be executed: {error}", self.executable.display()))
    }
}

fn end(call: Child) -> Result<(), String> {
    let output = call.wait_with_output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() {
        // What is to be known, though it went well.
        text.lines().for_each(complain);
        return Ok(());
    }
    Err(if text.is_empty() {
        format!("the call ended with {}", output.status)
    } else {
        text
    })
}

/// When a record came, changed or went last; each is a change of their
/// directory.
fn changed(upkeep: &Upkeep) -> Option<SystemTime> {
    upkeep.directory().metadata().and_then(|status| status.modified()).ok()
}
