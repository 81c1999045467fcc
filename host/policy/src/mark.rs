//! Marks of packets, by which the components of a node decide.

use std::{fmt, str::FromStr};

/// Every bit of a mark.
const WHOLE: u32 = u32::MAX;

/// A change of a packet's mark: the bits of the mask become those of the
/// value, and all others stay.
///
/// In text `VALUE/MASK`, as iptables has it, or `VALUE` for the whole mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    value: u32,
    mask: u32,
}

impl Mark {
    /// What is done to a mark of which the bits of `mask` are cleared and
    /// those of `value` are set. `None`: nothing.
    #[must_use]
    pub fn new(value: u32, mask: u32) -> Option<Self> {
        let mask = mask | value;
        (mask != 0).then_some(Self { value, mask })
    }
}

impl FromStr for Mark {
    type Err = NotAMark;

    fn from_str(text: &str) -> Result<Self, NotAMark> {
        let (value, mask) = parts(text)?;
        let value = number(value)?;
        refuse_lost_bits(value, mask)?;
        Ok(Self { value, mask })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.value)?;
        write_mask(f, self.mask)
    }
}

/// Changes of marks that a grant allows: one, or with `*` as the value every
/// one of the mask's bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MarkPattern {
    /// Absent: any.
    value: Option<u32>,
    mask: u32,
}

impl MarkPattern {
    /// The bits of the mark that it is about.
    pub(crate) fn mask(self) -> u32 {
        self.mask
    }

    /// Whether nothing but this may be done: with other bits left as they
    /// are, the mark would be another one.
    pub(crate) fn holds(self, mark: Mark) -> bool {
        match self.value {
            Some(value) => value == mark.value && self.mask == mark.mask,
            None => mark.mask & !self.mask == 0,
        }
    }

    pub(crate) fn includes(&self, other: &Self) -> bool {
        match (self.value, other.value) {
            (None, _) => other.mask & !self.mask == 0,
            (Some(_), _) => self == other,
        }
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self.value, other.value) {
            (None, None) => self.mask & other.mask != 0,
            _ => self.includes(other) || other.includes(self),
        }
    }
}

impl FromStr for MarkPattern {
    type Err = NotAMark;

    fn from_str(text: &str) -> Result<Self, NotAMark> {
        let (value, mask) = parts(text)?;
        if value == "*" {
            return Ok(Self { value: None, mask });
        }
        let value = number(value)?;
        refuse_lost_bits(value, mask)?;
        Ok(Self {
            value: Some(value),
            mask,
        })
    }
}

/// As a policy writes it.
impl fmt::Display for MarkPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Some(value) => write!(f, "{value:#x}")?,
            None => f.write_str("*")?,
        }
        write_mask(f, self.mask)
    }
}

/// Why a text is no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAMark {
    /// A part is no number.
    #[error("a mark is VALUE/MASK or VALUE, numbers of 32 bits: 0x and digits of 0-9 and a-f, or decimal")]
    Number,
    /// Nothing would be set.
    #[error("with the mask 0 no bit is set")]
    EmptyMask,
    /// A bit of the value would not be set.
    #[error("its value has bits that are not in its mask")]
    OutsideOfMask,
}

/// The text of the value, and the mask.
fn parts(text: &str) -> Result<(&str, u32), NotAMark> {
    let Some((value, mask)) = text.split_once('/') else {
        return Ok((text, WHOLE));
    };
    match number(mask)? {
        0 => Err(NotAMark::EmptyMask),
        mask => Ok((value, mask)),
    }
}

/// A number without a sign. Other tools take one that begins with 0 for octal.
fn number(text: &str) -> Result<u32, NotAMark> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.len() <= 8 => (digits, 16),
        None if text == "0" || !text.starts_with('0') => (text, 10),
        _ => return Err(NotAMark::Number),
    };
    let number = u32::from_str_radix(digits, radix).map_err(|_| NotAMark::Number)?;
    if digits.starts_with('+') {
        return Err(NotAMark::Number);
    }
    Ok(number)
}

fn refuse_lost_bits(value: u32, mask: u32) -> Result<(), NotAMark> {
    if value & !mask == 0 {
        Ok(())
    } else {
        Err(NotAMark::OutsideOfMask)
    }
}

fn write_mask(f: &mut fmt::Formatter<'_>, mask: u32) -> fmt::Result {
    if mask == WHOLE {
        return Ok(());
    }
    write!(f, "/{mask:#x}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn granted(text: &str) -> MarkPattern {
        text.parse().unwrap()
    }

    fn mark(text: &str) -> Mark {
        text.parse().unwrap()
    }

    #[test]
    fn a_mark_is_held_by_just_that_value_and_mask_or_by_all_of_the_masks_bits() {
        for (pattern, asked, expected) in [
            ("0x2000/0x2000", "0x2000/0x2000", true),
            ("0x2000/0x2000", "8192/8192", true),
            ("0x2000/0x2000", "0/0x2000", false),
            // The other bits would be lost.
            ("0x2000/0x2000", "0x2000", false),
            ("0x2000/0xff00", "0x2000/0x2000", false),
            ("0x2000", "0x2000/0xffffffff", true),
            ("0x2000", "0x2000/0x2000", false),
            ("*/0xff00", "0x2000/0x2000", true),
            ("*/0xff00", "0/0xff00", true),
            ("*/0xff00", "1/0xff01", false),
            ("*/0xff00", "0x2000", false),
            ("*", "7", true),
            ("*", "7/7", true),
        ] {
            assert_eq!(granted(pattern).holds(mark(asked)), expected, "{pattern} {asked}");
        }
    }

    #[test]
    fn what_is_no_mark_is_told() {
        for (text, expected) in [
            ("", NotAMark::Number),
            ("x", NotAMark::Number),
            ("0x", NotAMark::Number),
            ("-1", NotAMark::Number),
            ("+1", NotAMark::Number),
            ("0x+1", NotAMark::Number),
            // Octal, or a slip.
            ("010", NotAMark::Number),
            ("0x100000000", NotAMark::Number),
            ("4294967296", NotAMark::Number),
            ("1/", NotAMark::Number),
            ("1/*", NotAMark::Number),
            ("1/1/1", NotAMark::Number),
            ("**", NotAMark::Number),
            ("0/0", NotAMark::EmptyMask),
            ("*/0", NotAMark::EmptyMask),
            ("3/1", NotAMark::OutsideOfMask),
        ] {
            assert_eq!(text.parse::<MarkPattern>(), Err(expected), "{text}");
        }
        assert_eq!("*".parse::<Mark>(), Err(NotAMark::Number));
    }

    #[test]
    fn a_change_is_known_by_all_bits_that_it_touches() {
        for (value, mask, expected) in [
            (1, 3, Some("0x1/0x3")),
            (4, 3, Some("0x4/0x7")),
            (0, 0, None),
            (7, u32::MAX, Some("0x7")),
        ] {
            assert_eq!(Mark::new(value, mask), expected.map(mark_of), "{value} {mask}");
        }
        fn mark_of(text: &str) -> Mark {
            mark(text)
        }
    }

    fn pattern() -> impl Strategy<Value = MarkPattern> {
        (proptest::option::of(0_u32..8), 1_u32..8).prop_map(|(value, mask)| MarkPattern {
            value: value.map(|value| value & mask),
            mask,
        })
    }

    fn change() -> impl Strategy<Value = Mark> {
        (0_u32..8, 1_u32..8).prop_map(|(value, mask)| Mark {
            value: value & mask,
            mask,
        })
    }

    proptest! {
        #[test]
        fn a_written_mark_reads_back(pattern in pattern(), mark in change()) {
            prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
            prop_assert_eq!(mark.to_string().parse(), Ok(mark));
        }

        #[test]
        fn patterns_compare_as_what_they_hold(one in pattern(), other in pattern()) {
            let all = || (1_u32..8).flat_map(|mask| (0..8).map(move |value| Mark { value: value & mask, mask }));
            let included = all().all(|mark| !other.holds(mark) || one.holds(mark));
            let overlap = all().any(|mark| one.holds(mark) && other.holds(mark));
            prop_assert_eq!(one.includes(&other), included, "{} {}", one, other);
            prop_assert_eq!(one.overlaps(&other), overlap, "{} {}", one, other);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), mark in "[*0-9a-fxX+/-]{0,12}") {
            let _ = text.parse::<MarkPattern>();
            let _ = mark.parse::<MarkPattern>();
            let _ = mark.parse::<Mark>();
        }
    }
}
