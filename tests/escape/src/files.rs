use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::symlink,
};

use crate::{Attempt, Targets};

pub(crate) fn attempts(targets: &Targets) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for path in &targets.read {
        attempts.push(Attempt::new(format!("read {path}"), File::open(path)));
    }
    for path in &targets.list {
        attempts.push(Attempt::new(format!("list {path}"), fs::read_dir(path)));
    }
    for path in &targets.write {
        let write = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        attempts.push(Attempt::new(format!("write {path}"), write));
    }
    for path in &targets.link {
        attempts.push(Attempt::new(format!("link {path}"), symlink("/", path)));
    }
    let memory = OpenOptions::new().write(true).open("/proc/self/mem");
    attempts.push(Attempt::new("write /proc/self/mem", memory));
    attempts
}
