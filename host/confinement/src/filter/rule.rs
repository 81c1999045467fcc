use super::assembler::{Assembler, Label, Test};

/// Offset of the first argument in `struct seccomp_data`.
const ARGUMENTS: u32 = 16;

/// What comes of a system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// It is made.
    Allow,
    /// It is answered as by a kernel that lacks it, for a C library that then
    /// takes another one.
    Absent,
    /// It is made when all conditions of one of these lists hold.
    AnyOf(Vec<Vec<Condition>>),
}

impl Rule {
    /// All of these have to hold.
    pub(super) fn all(conditions: Vec<Condition>) -> Self {
        Self::AnyOf(vec![conditions])
    }
}

/// What has to be true of one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) word: Word,
    pub(super) mask: u32,
    pub(super) values: Vec<u32>,
}

/// Half of an argument. The kernel looks at the lower one only where the
/// argument is an `int`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    argument: u8,
    upper: bool,
}

impl Word {
    /// Both architectures have the lower half first.
    pub(super) fn offset(self) -> u32 {
        ARGUMENTS + 8 * u32::from(self.argument) + if self.upper { 4 } else { 0 }
    }
}

impl Condition {
    /// The argument is one of these, as a number of 32 bits.
    pub(super) fn one_of(argument: u8, values: &[u32]) -> Self {
        Self::masked(argument, u32::MAX, values)
    }

    /// Of these bits of the argument, as a number of 32 bits, the value is
    /// one of these.
    pub(super) fn masked(argument: u8, mask: u32, values: &[u32]) -> Self {
        Self {
            word: Word { argument, upper: false },
            mask,
            values: values.to_vec(),
        }
    }

    /// The argument has none of these bits, in its lower half.
    pub(super) fn without(argument: u8, bits: u32) -> Self {
        Self::masked(argument, bits, &[0])
    }

    /// The argument is a null pointer.
    pub(super) fn null(argument: u8) -> [Self; 2] {
        [false, true].map(|upper| Self {
            word: Word { argument, upper },
            mask: u32::MAX,
            values: vec![0],
        })
    }

    fn write(&self, program: &mut Assembler, holds: Label, fails: Label) -> Label {
        let mut next = fails;
        for value in self.values.iter().rev() {
            next = program.branch(Test::Equal, *value, holds, next);
        }
        if self.mask != u32::MAX {
            next = program.mask(self.mask, next);
        }
        program.load(self.word.offset(), next)
    }
}

/// The answers that a program ends with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answers {
    pub(super) allow: Label,
    pub(super) refuse: Label,
    pub(super) absent: Label,
}

impl Rule {
    /// Writes what decides by this rule.
    pub(super) fn write(&self, program: &mut Assembler, answers: Answers) -> Label {
        match self {
            Self::Allow => answers.allow,
            Self::Absent => answers.absent,
            Self::AnyOf(alternatives) => alternatives.iter().rev().fold(answers.refuse, |otherwise, conditions| {
                conditions.iter().rev().fold(answers.allow, |next, condition| {
                    condition.write(program, next, otherwise)
                })
            }),
        }
    }
}
