use libc::{BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter};

/// The furthest that a conditional jump reaches, in instructions.
const REACH: usize = u8::MAX as usize;

/// An instruction to go on at, counted from the end of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(usize);

/// How a branch compares the value that was loaded last.
#[derive(Clone, Copy, Debug)]
pub(super) enum Test {
    /// Equal.
    Equal,
    /// Greater or equal, without sign.
    AtLeast,
}

/// Writes a program from its end to its start.
///
/// Jumps go forward only, so in this order each place to jump to is known
/// when a jump there is written, and the few ends of a program are shared by
/// all that leads to them. That keeps it short, and the time that the kernel
/// takes for a filter grows with its length.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    reversed: Vec<sock_filter>,
}

impl Assembler {
    pub(super) fn with_capacity(instructions: usize) -> Self {
        Self {
            reversed: Vec::with_capacity(instructions),
        }
    }

    /// Ends with an answer to the kernel.
    pub(super) fn answer(&mut self, answer: u32) -> Label {
        self.push(BPF_RET | BPF_K, answer, 0, 0)
    }

    /// Loads a word of what the filter is asked about.
    pub(super) fn load(&mut self, offset: u32, next: Label) -> Label {
        self.fall_through_to(next);
        self.push(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0)
    }

    /// Keeps these bits of what was loaded.
    pub(super) fn mask(&mut self, bits: u32, next: Label) -> Label {
        self.fall_through_to(next);
        self.push(BPF_ALU | BPF_AND | BPF_K, bits, 0, 0)
    }

    /// Goes one of two ways.
    pub(super) fn branch(&mut self, test: Test, value: u32, yes: Label, no: Label) -> Label {
        let code = match test {
            Test::Equal => BPF_JEQ,
            Test::AtLeast => BPF_JGE,
        };
        // The second may be put between.
        let yes = self.within(yes, REACH - 1);
        let no = self.within(no, REACH);
        let distance = |label| u8::try_from(self.distance(label)).unwrap_or(u8::MAX);
        let (yes, no) = (distance(yes), distance(no));
        self.push(BPF_JMP | code | BPF_K, value, yes, no)
    }

    /// The program in the order in which it runs.
    pub(super) fn finish(mut self) -> Vec<sock_filter> {
        self.reversed.reverse();
        self.reversed
    }

    /// The label itself, or that of a jump to it when it is too far away.
    fn within(&mut self, label: Label, reach: usize) -> Label {
        if self.distance(label) <= reach {
            label
        } else {
            self.jump(label)
        }
    }

    fn fall_through_to(&mut self, label: Label) {
        if self.distance(label) > 0 {
            self.jump(label);
        }
    }

    fn jump(&mut self, label: Label) -> Label {
        let distance = u32::try_from(self.distance(label)).unwrap_or(u32::MAX);
        self.push(BPF_JMP | BPF_JA, distance, 0, 0)
    }

    /// Instructions between the one that is written next and the label.
    fn distance(&self, label: Label) -> usize {
        self.reversed.len() - 1 - label.0
    }

    fn push(&mut self, code: u32, k: u32, jt: u8, jf: u8) -> Label {
        // All codes are in the lower byte.
        let code = u16::try_from(code).unwrap_or(u16::MAX);
        self.reversed.push(sock_filter { code, jt, jf, k });
        Label(self.reversed.len() - 1)
    }
}
