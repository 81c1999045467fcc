use arbitrary::{Arbitrary as _, Result, Unstructured};

/// What somebody does to a file or directory of the store.
#[derive(Debug)]
pub(super) enum Alteration {
    Write {
        of: Part,
        at: u32,
        bytes: Vec<u8>,
    },
    Flip {
        of: Part,
        at: u32,
        bit: u8,
    },
    Truncate {
        of: Part,
        to: u32,
    },
    /// With a hole.
    Extend {
        of: Part,
        to: u32,
        huge: bool,
    },
    Replace {
        of: Part,
        bytes: Vec<u8>,
    },
    Remove {
        of: Part,
    },
    Swap {
        one: Part,
        other: Part,
    },
    Mode {
        of: Part,
        mode: u16,
    },
    Owner {
        of: Part,
        user: u8,
    },
    Link {
        of: Part,
        to: Target,
    },
    HardLink {
        of: Part,
        to: Part,
    },
    Fifo {
        of: Part,
    },
    /// Puts a foreign compiled form in place, with a record that fits.
    Foreign {
        form: Foreign,
    },
    Name {
        text: String,
    },
    Record {
        text: String,
        fits: bool,
    },
}

/// A file or directory of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Base,
    Store,
    Components,
    Component,
    Code,
    CodeDigest,
    Needs,
    Wasm,
    Plugins,
    Plugin,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Part(Part),
    /// A copy of the part, outside the store.
    Copy,
    Nowhere,
    Itself,
    Device,
}

/// A compiled form that this engine must refuse, though it is as it was when
/// its digest was recorded.
#[derive(Debug)]
pub(super) enum Foreign {
    /// Nothing, or anything that is not even an object file.
    Bytes(Vec<u8>),
    /// Compiled by another version of the engine.
    OtherVersion { byte: u8 },
    /// A component that was not compiled.
    Source,
    /// Cut off in the part that says what made it.
    Cut { length: u8 },
}

impl Part {
    const ALL: [Self; 10] = [
        Self::Base,
        Self::Store,
        Self::Components,
        Self::Component,
        Self::Code,
        Self::CodeDigest,
        Self::Needs,
        Self::Wasm,
        Self::Plugins,
        Self::Plugin,
    ];

    fn choose(input: &mut Unstructured<'_>) -> Result<Self> {
        input.choose(&Self::ALL).copied()
    }
}

impl Target {
    fn choose(input: &mut Unstructured<'_>) -> Result<Self> {
        Ok(match u8::arbitrary(input)? % 5 {
            0 => Self::Part(Part::choose(input)?),
            1 => Self::Copy,
            2 => Self::Nowhere,
            3 => Self::Itself,
            _ => Self::Device,
        })
    }
}

impl Foreign {
    fn choose(input: &mut Unstructured<'_>) -> Result<Self> {
        Ok(match u8::arbitrary(input)? % 4 {
            0 => Self::Bytes(Vec::arbitrary(input)?),
            1 => Self::OtherVersion {
                byte: u8::arbitrary(input)?,
            },
            2 => Self::Source,
            _ => Self::Cut {
                length: u8::arbitrary(input)?,
            },
        })
    }
}

impl Alteration {
    pub(super) fn choose(input: &mut Unstructured<'_>) -> Result<Self> {
        let kind = u8::arbitrary(input)? % 15;
        let of = Part::choose(input)?;
        Ok(match kind {
            0 => Self::Write {
                of,
                at: u32::arbitrary(input)?,
                bytes: Vec::arbitrary(input)?,
            },
            1 => Self::Flip {
                of,
                at: u32::arbitrary(input)?,
                bit: u8::arbitrary(input)?,
            },
            2 => Self::Truncate {
                of,
                to: u32::arbitrary(input)?,
            },
            3 => Self::Extend {
                of,
                to: u32::arbitrary(input)?,
                huge: bool::arbitrary(input)?,
            },
            4 => Self::Replace {
                of,
                bytes: Vec::arbitrary(input)?,
            },
            5 => Self::Remove { of },
            6 => Self::Swap {
                one: of,
                other: Part::choose(input)?,
            },
            7 => Self::Mode {
                of,
                mode: u16::arbitrary(input)?,
            },
            8 => Self::Owner {
                of,
                user: u8::arbitrary(input)?,
            },
            9 => Self::Link {
                of,
                to: Target::choose(input)?,
            },
            10 => Self::HardLink {
                of,
                to: Part::choose(input)?,
            },
            11 => Self::Fifo { of },
            12 => Self::Foreign {
                form: Foreign::choose(input)?,
            },
            13 => Self::Name {
                text: String::arbitrary(input)?,
            },
            _ => Self::Record {
                text: String::arbitrary(input)?,
                fits: bool::arbitrary(input)?,
            },
        })
    }
}
