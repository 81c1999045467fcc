//! Messages of D-Bus, as far as firewalld is asked: calls whose arguments are
//! texts, and of an answer its first argument.
//!
//! Source: the D-Bus Specification, "Message Protocol" and "Marshaling".

use thiserror::Error;

/// Bytes that each message begins with, which tell its length.
pub(crate) const BEGINNING: usize = 16;
/// Bytes of a message that is read. What firewalld is asked is answered in some
/// hundred; the protocol allows 128 MiB.
const LONGEST: usize = 64 * 1024;

const LITTLE: u8 = b'l';
const BIG: u8 = b'B';
const VERSION: u8 = 1;

const CALL: u8 = 1;
const RETURN: u8 = 2;
const FAILURE: u8 = 3;
/// `NO_AUTO_START`: who does not run is not started by a question.
const AS_IT_IS: u8 = 2;

/// Fields of a header.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

/// What comes is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("what came over D-Bus is no message")]
pub(crate) struct Malformed;

/// A method, and whose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    pub(crate) destination: &'static str,
    pub(crate) path: &'static str,
    pub(crate) interface: &'static str,
    pub(crate) name: &'static str,
}

/// A call of a method with texts.
pub(crate) fn call(serial: u32, method: &Method, arguments: &[&str]) -> Vec<u8> {
    let mut body = Writer::default();
    for argument in arguments {
        body.text(argument);
    }
    let mut message = Writer(vec![LITTLE, CALL, AS_IT_IS, VERSION]);
    message.number(length_of(&body.0));
    message.number(serial);
    let mut fields = Writer::default();
    for (code, kind, text) in [
        (PATH, b'o', method.path),
        (INTERFACE, b's', method.interface),
        (MEMBER, b's', method.name),
        (DESTINATION, b's', method.destination),
    ] {
        fields.field(code, kind);
        fields.text(text);
    }
    if !arguments.is_empty() {
        fields.field(SIGNATURE, b'g');
        fields.signature(&"s".repeat(arguments.len()));
    }
    message.number(length_of(&fields.0));
    message.0.extend(fields.0);
    message.align(8);
    message.0.extend(body.0);
    message.0
}

fn length_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The serial of the call.
    pub(crate) to: u32,
    /// The error's name, where it is one.
    pub(crate) error: Option<String>,
    pub(crate) argument: Argument,
}

/// The first argument of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    None,
    Text(String),
    /// A number, or a truth.
    Number(u32),
    /// One of another kind, which nobody here asks for.
    Other,
}

/// The length of a message, by its beginning.
pub(crate) fn length(beginning: &[u8; BEGINNING]) -> Result<usize, Malformed> {
    let mut reader = Reader::of(beginning)?;
    let body = reader.at(4)?.number()?;
    let fields = reader.at(12)?.number()?;
    let header = BEGINNING
        .checked_add(usize::try_from(fields).map_err(|_| Malformed)?)
        .ok_or(Malformed)?;
    let length = header
        .checked_next_multiple_of(8)
        .and_then(|header| header.checked_add(usize::try_from(body).ok()?))
        .ok_or(Malformed)?;
    if length > LONGEST { Err(Malformed) } else { Ok(length) }
}

/// Reads a whole message. `None` for one that is no answer, as signals are.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<Answer>, Malformed> {
    let beginning = bytes.first_chunk().ok_or(Malformed)?;
    if length(beginning)? != bytes.len() {
        return Err(Malformed);
    }
    let kind = bytes[1];
    let mut reader = Reader::of(bytes)?;
    let length = reader.at(12)?.number()?;
    let end = BEGINNING + usize::try_from(length).map_err(|_| Malformed)?;
    let (mut to, mut error, mut signature) = (None, None, Vec::new());
    while reader.position < end {
        reader.align(8)?;
        let code = reader.byte()?;
        match (code, reader.signature()?) {
            (REPLY_SERIAL, b"u") => to = Some(reader.number()?),
            (ERROR_NAME, b"s") => error = Some(reader.text()?),
            (SIGNATURE, b"g") => signature = reader.signature()?.to_vec(),
            (_, b"s" | b"o") => drop(reader.text()?),
            (_, b"u") => drop(reader.number()?),
            (_, b"g") => drop(reader.signature()?),
            _ => return Err(Malformed),
        }
    }
    if reader.position != end {
        return Err(Malformed);
    }
    if !matches!(kind, RETURN | FAILURE) {
        return Ok(None);
    }
    reader.align(8)?;
    let argument = match signature.first() {
        None => Argument::None,
        Some(b's' | b'o') => Argument::Text(reader.text()?),
        Some(b'u' | b'b') => Argument::Number(reader.number()?),
        Some(_) => Argument::Other,
    };
    match (kind, &error) {
        (FAILURE, None) => Err(Malformed),
        (RETURN, Some(_)) => Err(Malformed),
        _ => Ok(Some(Answer {
            to: to.ok_or(Malformed)?,
            error,
            argument,
        })),
    }
}

/// Writes as little-endian machines do; whoever reads is told which it is.
#[derive(Debug, Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn number(&mut self, number: u32) {
        self.align(4);
        self.0.extend(number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(length_of(text.as_bytes()));
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    fn signature(&mut self, signature: &str) {
        self.0.push(u8::try_from(signature.len()).unwrap_or(u8::MAX));
        self.0.extend(signature.as_bytes());
        self.0.push(0);
    }

    /// Begins a field of the header.
    fn field(&mut self, code: u8, kind: u8) {
        self.align(8);
        self.0.extend([code, 1, kind, 0]);
    }
}

struct Reader<'m> {
    message: &'m [u8],
    position: usize,
    big: bool,
}

impl<'m> Reader<'m> {
    fn of(message: &'m [u8]) -> Result<Self, Malformed> {
        let big = match (message.first(), message.get(3)) {
            (Some(&LITTLE), Some(&VERSION)) => false,
            (Some(&BIG), Some(&VERSION)) => true,
            _ => return Err(Malformed),
        };
        Ok(Self {
            message,
            position: 0,
            big,
        })
    }

    fn at(&mut self, position: usize) -> Result<&mut Self, Malformed> {
        self.position = position;
        Ok(self)
    }

    fn take(&mut self, length: usize) -> Result<&'m [u8], Malformed> {
        let end = self.position.checked_add(length).ok_or(Malformed)?;
        let taken = self.message.get(self.position..end).ok_or(Malformed)?;
        self.position = end;
        Ok(taken)
    }

    fn align(&mut self, to: usize) -> Result<(), Malformed> {
        let padding = self.position.next_multiple_of(to) - self.position;
        self.take(padding).map(drop)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<u32, Malformed> {
        self.align(4)?;
        let bytes = *self.take(4)?.first_chunk().ok_or(Malformed)?;
        Ok(if self.big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        let text = self.take(length)?.to_vec();
        match self.byte()? {
            0 => String::from_utf8(text).map_err(|_| Malformed),
            _ => Err(Malformed),
        }
    }

    fn signature(&mut self) -> Result<&'m [u8], Malformed> {
        let length = self.byte()?;
        let signature = self.take(length.into())?;
        match self.byte()? {
            0 => Ok(signature),
            _ => Err(Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const HELLO: Method = Method {
        destination: "org.freedesktop.DBus",
        path: "/org/freedesktop/DBus",
        interface: "org.freedesktop.DBus",
        name: "Hello",
    };

    /// As `dbus-daemon` 1.14 answers `Hello`, in both orders of bytes.
    fn hello(big: bool) -> Vec<u8> {
        let number = |number: u32| {
            if big {
                number.to_be_bytes()
            } else {
                number.to_le_bytes()
            }
        };
        let mut bytes = vec![if big { BIG } else { LITTLE }, RETURN, 1, VERSION];
        bytes.extend(number(9));
        bytes.extend(number(1));
        bytes.extend(number(61));
        bytes.extend([6, 1, b's', 0]);
        bytes.extend(number(4));
        bytes.extend(b":1.0\0\0\0\0");
        bytes.extend([5, 1, b'u', 0]);
        bytes.extend(number(1));
        bytes.extend([8, 1, b'g', 0, 1, b's', 0, 0]);
        bytes.extend([7, 1, b's', 0]);
        bytes.extend(number(20));
        bytes.extend(b"org.freedesktop.DBus\0\0\0\0");
        bytes.extend(number(4));
        bytes.extend(b":1.0\0");
        bytes
    }

    #[test]
    fn a_call_is_written_as_the_specification_says() {
        let bytes = call(7, &HELLO, &["trusted", "10.22.0.5/32"]);
        assert_eq!(length(bytes.first_chunk().unwrap()), Ok(bytes.len()));
        assert_eq!(bytes[..4], [LITTLE, CALL, AS_IT_IS, VERSION]);
        assert_eq!(bytes[8..12], 7_u32.to_le_bytes());
        assert_eq!(bytes[4..8], 29_u32.to_le_bytes(), "12 for the one, and 17");
        assert!(bytes.ends_with(b"trusted\0\x0c\x00\x00\x0010.22.0.5/32\0"));
        assert!(bytes.windows(7).any(|window| window == b"\x01g\0\x02ss\0"));
        assert_eq!(read(&bytes), Ok(None), "it is no answer");
    }

    #[test]
    fn an_answer_is_read_in_either_order_of_bytes() {
        for big in [false, true] {
            let answer = Answer {
                to: 1,
                error: None,
                argument: Argument::Text(":1.0".to_owned()),
            };
            assert_eq!(read(&hello(big)), Ok(Some(answer)), "{big}");
        }
    }

    #[test]
    fn what_is_cut_or_too_long_is_no_message() {
        let whole = hello(false);
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), Err(Malformed), "{end}");
        }
        for (place, value) in [(4, u32::MAX), (12, u32::MAX), (4, 0x10000), (12, 0x10000)] {
            let mut long = whole.clone();
            long[place..place + 4].copy_from_slice(&value.to_le_bytes());
            assert_eq!(length(long.first_chunk().unwrap()), Err(Malformed));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }

        #[test]
        fn any_change_is_survived(place in 0_usize..110, value: u8, big: bool) {
            let mut bytes = hello(big);
            let place = place % bytes.len();
            bytes[place] = value;
            let _ = read(&bytes);
        }
    }
}
