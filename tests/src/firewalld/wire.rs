//! Messages of D-Bus, as who answers reads and writes them: apart from the
//! host's own, so that a mistake there is none here.

use std::io;

/// Codes of fields of a header.
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const SIGNATURE: u8 = 8;

/// A call.
pub(super) struct Call {
    pub(super) serial: u32,
    pub(super) member: String,
    pub(super) arguments: Vec<String>,
}

impl Call {
    /// `None` at the end.
    pub(super) fn read(mut read: impl FnMut(&mut [u8]) -> io::Result<()>) -> Option<Self> {
        let mut beginning = [0; 16];
        read(&mut beginning).ok()?;
        assert_eq!(beginning[..4], *b"l\x01\x02\x01", "a call that starts nobody");
        let mut beginning = Read(&beginning, 4);
        let (body, serial, fields) = (beginning.number(), beginning.number(), beginning.number());
        let mut rest = vec![0; length(fields).next_multiple_of(8) + length(body)];
        read(&mut rest).ok()?;
        let (header, body) = rest.split_at(length(fields).next_multiple_of(8));
        let mut header = Read(header, 0);
        let mut member = String::new();
        while header.1 < length(fields) {
            header.align(8);
            let code = header.0[header.1];
            let kind = header.0[header.1 + 2];
            header.1 += 4;
            let text = if kind == b'g' {
                header.signature()
            } else {
                header.text()
            };
            if code == MEMBER {
                member = text;
            }
        }
        let mut body = Read(body, 0);
        let mut arguments = Vec::new();
        while body.1 < body.0.len() {
            arguments.push(body.text());
        }
        Some(Self {
            serial,
            member,
            arguments,
        })
    }
}

fn length(number: u32) -> usize {
    usize::try_from(number).unwrap()
}

/// Bytes, and how far they are read.
struct Read<'b>(&'b [u8], usize);

impl Read<'_> {
    fn align(&mut self, to: usize) {
        self.1 = self.1.next_multiple_of(to);
    }

    fn number(&mut self) -> u32 {
        self.align(4);
        let bytes = self.0[self.1..self.1 + 4].try_into().unwrap();
        self.1 += 4;
        u32::from_le_bytes(bytes)
    }

    fn text(&mut self) -> String {
        let length = length(self.number());
        self.bytes(length)
    }

    fn signature(&mut self) -> String {
        let length = self.0[self.1];
        self.1 += 1;
        self.bytes(length.into())
    }

    /// With a zero at their end.
    fn bytes(&mut self, length: usize) -> String {
        let bytes = self.0[self.1..self.1 + length].to_vec();
        assert_eq!(self.0[self.1 + length], 0);
        self.1 += length + 1;
        String::from_utf8(bytes).unwrap()
    }
}

/// What is answered.
pub(super) enum Said {
    Text(String),
    Number(u32),
    Truth(bool),
    Refusal(String),
}

impl Said {
    pub(super) fn refusal(words: &str) -> Self {
        Self::Refusal(words.to_owned())
    }

    /// The answer to a call, by big-endian numbers: who listens has to look.
    pub(super) fn to(&self, serial: u32) -> Vec<u8> {
        let mut fields = Written::default();
        fields.field(REPLY_SERIAL, b'u');
        fields.number(serial);
        if matches!(self, Self::Refusal(_)) {
            fields.field(ERROR_NAME, b's');
            fields.text("org.fedoraproject.FirewallD1.Exception");
        }
        fields.field(SIGNATURE, b'g');
        let kind = match self {
            Self::Text(_) | Self::Refusal(_) => b's',
            Self::Number(_) => b'u',
            Self::Truth(_) => b'b',
        };
        fields.0.extend([1, kind, 0]);
        let mut body = Written::default();
        match self {
            Self::Text(text) | Self::Refusal(text) => body.text(text),
            Self::Number(number) => body.number(*number),
            Self::Truth(truth) => body.number(u32::from(*truth)),
        }
        message(if matches!(self, Self::Refusal(_)) { 3 } else { 2 }, &fields, &body)
    }
}

/// Something that happened, which is no answer.
pub(super) fn signal() -> Vec<u8> {
    let mut fields = Written::default();
    for (code, kind, text) in [
        (1, b'o', "/org/freedesktop/DBus"),
        (2, b's', "org.freedesktop.DBus"),
        (MEMBER, b's', "NameAcquired"),
    ] {
        fields.field(code, kind);
        fields.text(text);
    }
    fields.field(SIGNATURE, b'g');
    fields.0.extend([1, b's', 0]);
    let mut body = Written::default();
    body.text(":1.7");
    message(4, &fields, &body)
}

fn message(kind: u8, fields: &Written, body: &Written) -> Vec<u8> {
    let mut message = Written(vec![b'B', kind, 1, 1]);
    message.number(u32::try_from(body.0.len()).unwrap());
    message.number(1);
    message.number(u32::try_from(fields.0.len()).unwrap());
    message.0.extend(&fields.0);
    message.align(8);
    message.0.extend(&body.0);
    message.0
}

#[derive(Default)]
struct Written(Vec<u8>);

impl Written {
    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn number(&mut self, number: u32) {
        self.align(4);
        self.0.extend(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(u32::try_from(text.len()).unwrap());
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    fn field(&mut self, code: u8, kind: u8) {
        self.align(8);
        self.0.extend([code, 1, kind, 0]);
    }
}
