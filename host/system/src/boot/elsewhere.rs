use std::{
    hash::{BuildHasher as _, RandomState},
    sync::LazyLock,
    time::{Duration, Instant},
};

static ID: LazyLock<String> = LazyLock::new(|| random_uuid(random(), random()));
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A name of this process in the form of a boot's, and no other's.
#[must_use]
pub fn id() -> String {
    ID.clone()
}

/// Time since this was asked first.
#[must_use]
pub fn elapsed() -> Duration {
    BEGINNING.elapsed()
}

/// What the standard library's tables are keyed with.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}

fn random_uuid(high: u64, low: u64) -> String {
    let digits = format!("{high:016x}{low:016x}");
    let part = |range| digits.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_one_name_of_the_form_that_a_boot_has() {
        assert_eq!(id(), id());
        assert_ne!(random_uuid(random(), random()), id());
        assert_eq!(
            random_uuid(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210),
            "01234567-89ab-cdef-fedc-ba9876543210"
        );
    }

    #[test]
    fn time_goes_by() {
        let before = elapsed();
        std::thread::sleep(Duration::from_millis(2));
        assert!(elapsed() >= before + Duration::from_millis(2));
    }
}
