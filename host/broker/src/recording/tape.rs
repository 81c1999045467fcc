use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cofferdam_sandbox::{Outside, World};
use serde::Serialize;

#[cfg(feature = "simulation")]
use super::{Recording, played::Played};
use super::{Told, Tree, document::MOST_BYTES};

/// All that the host is told by others while it serves a call: written down, or
/// told once more. Clones are the same tape.
#[derive(Clone)]
pub(crate) struct Tape(Arc<Mutex<Reel>>);

enum Reel {
    Written(Box<Written>),
    #[cfg(feature = "simulation")]
    Played(Box<Played>),
}

/// What was told until now.
pub(crate) struct Written {
    pub(super) told: Vec<Told>,
    pub(super) random: Vec<u8>,
    pub(super) clocks: Vec<u64>,
    /// Address records, as they were when their lock was taken.
    pub(super) records: Vec<(String, Tree)>,
    /// Bytes that may still be written.
    left: usize,
    /// Why not all of it is written.
    problem: Option<String>,
    world: World,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            told: Vec::new(),
            random: Vec::new(),
            clocks: Vec::new(),
            records: Vec::new(),
            left: MOST_BYTES,
            problem: None,
            world: World::default(),
        }
    }
}

impl Written {
    /// All of it.
    ///
    /// # Errors
    /// Why it is not all.
    pub(super) fn whole(self) -> Result<Self, String> {
        match self.problem {
            Some(problem) => Err(problem),
            None => Ok(self),
        }
    }

    fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => {
                self.left = 0;
                self.problem
                    .get_or_insert_with(|| format!("it has more than {MOST_BYTES} bytes"));
            }
        }
        self.problem.is_none()
    }

    fn write(&mut self, call: String, changes: bool, answer: impl Serialize) {
        if self.problem.is_some() {
            return;
        }
        match serde_json::to_value(answer) {
            Ok(answer) => {
                if self.take(call.len() + answer.to_string().len()) {
                    self.told.push(Told { call, changes, answer });
                }
            }
            Err(error) => self.problem = Some(format!("what {call} tells can't be written down: {error}")),
        }
    }

    fn keep_records(&mut self, root: &Path, directory: &Path) {
        let mut tree = Tree::default();
        match tree.add(root, directory, &mut self.left) {
            Ok(()) => {
                let name = directory.strip_prefix(root).unwrap_or(directory).to_string_lossy();
                if !self.records.iter().any(|(known, _)| *known == name) {
                    self.records.push((name.into_owned(), tree));
                }
            }
            Err(error) => self.problem = Some(error.to_string()),
        }
    }

    fn clock(&mut self, nanoseconds: u64) -> u64 {
        if self.take(20) {
            self.clocks.push(nanoseconds);
        }
        nanoseconds
    }
}

impl Tape {
    /// One that nothing is on.
    pub(super) fn blank() -> Self {
        Self(Arc::new(Mutex::new(Reel::Written(Box::default()))))
    }

    /// One that tells what a recording holds.
    #[cfg(feature = "simulation")]
    pub(crate) fn of(recording: &Recording) -> Self {
        Self::playing(Played::of(recording))
    }

    /// One that tells these answers.
    #[cfg(feature = "simulation")]
    pub(crate) fn of_answers(told: &[Told]) -> Self {
        Self::playing(Played::answers(told.to_vec()))
    }

    #[cfg(feature = "simulation")]
    fn playing(played: Played) -> Self {
        Self(Arc::new(Mutex::new(Reel::Played(Box::new(played)))))
    }

    /// What is on record as the answer to a question, if something is.
    pub(super) fn answer(&self, call: &str, changes: bool) -> Option<serde_json::Value> {
        match &mut *self.lock() {
            Reel::Written(_) => {
                let _ = (call, changes);
                None
            }
            #[cfg(feature = "simulation")]
            Reel::Played(played) => played.answer(call, changes),
        }
    }

    /// Writes an answer down, if that is what the tape is for.
    pub(super) fn write(&self, call: String, changes: bool, answer: impl Serialize) {
        match &mut *self.lock() {
            Reel::Written(written) => written.write(call, changes, answer),
            #[cfg(feature = "simulation")]
            Reel::Played(_) => {}
        }
    }

    /// The network in memory could not do what the kernel did.
    pub(super) fn lose(&self, call: &str, why: &str) {
        match &mut *self.lock() {
            Reel::Written(_) => {
                let _ = (call, why);
            }
            #[cfg(feature = "simulation")]
            Reel::Played(played) => played.lose(call, why),
        }
    }

    /// Keeps address records, whose lock is held.
    pub(crate) fn keep_records(&self, root: &Path, directory: &Path) {
        match &mut *self.lock() {
            Reel::Written(written) => written.keep_records(root, directory),
            #[cfg(feature = "simulation")]
            Reel::Played(_) => {}
        }
    }

    /// What was written down until now.
    pub(super) fn take(&self) -> Written {
        match &mut *self.lock() {
            Reel::Written(written) => std::mem::take(written),
            #[cfg(feature = "simulation")]
            Reel::Played(_) => Written::default(),
        }
    }

    /// How what was told once more was used.
    #[cfg(feature = "simulation")]
    pub(crate) fn strayed(&self) -> (Option<String>, Option<String>) {
        match &*self.lock() {
            Reel::Written(_) => (None, None),
            Reel::Played(played) => played.strayed(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Reel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a clock counts.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Outside for Tape {
    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        match &mut *self.lock() {
            Reel::Written(written) => {
                written.world.random(bytes)?;
                if written.take(bytes.len() * 2) {
                    written.random.extend_from_slice(bytes);
                }
                Ok(())
            }
            #[cfg(feature = "simulation")]
            Reel::Played(played) => played.random(bytes),
        }
    }

    fn wall_clock(&self) -> Duration {
        match &mut *self.lock() {
            Reel::Written(written) => {
                let now = nanoseconds(written.world.wall_clock());
                Duration::from_nanos(written.clock(now))
            }
            #[cfg(feature = "simulation")]
            Reel::Played(played) => Duration::from_nanos(played.clock(|world| nanoseconds(world.wall_clock()))),
        }
    }

    fn monotonic_clock(&self) -> u64 {
        match &mut *self.lock() {
            Reel::Written(written) => {
                let now = written.world.monotonic_clock();
                written.clock(now)
            }
            #[cfg(feature = "simulation")]
            Reel::Played(played) => played.clock(Outside::monotonic_clock),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{fs, path::PathBuf};

    use super::*;

    #[test]
    fn records_are_as_they_were_when_their_lock_was_taken() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("var/lib/cni/networks/mynet");
        let write = |name: &str| fs::write(directory.join(name), "c1").unwrap();
        fs::create_dir_all(&directory).unwrap();
        write("10.22.0.2");
        let (mut files, mut left) = (Tree::default(), 1000);
        files.add(root.path(), root.path(), &mut left).unwrap();

        // Meanwhile another call lets its address go, and takes another one.
        fs::remove_file(directory.join("10.22.0.2")).unwrap();
        write("10.22.0.3");
        let tape = Tape::blank();
        tape.keep_records(root.path(), &directory);
        write("10.22.0.4");
        tape.keep_records(root.path(), &directory);
        for (name, tree) in tape.take().whole().unwrap().records {
            files.replace(&name, tree);
        }

        let laid_out = tempfile::tempdir().unwrap();
        let records = PathBuf::from("var/lib/cni/networks/mynet");
        files.lay_out(laid_out.path(), std::slice::from_ref(&records)).unwrap();
        let there = fs::read_dir(laid_out.path().join(&records)).unwrap();
        let names: Vec<_> = there.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["10.22.0.3"]);
    }
}
