#![allow(clippy::unwrap_used)]
use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;

use super::{super::statement, *};

/// Somebody who signs.
fn signer(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(signer: &SigningKey) -> PublicKey {
    PublicKey(signer.verifying_key().to_bytes())
}

fn signed(signer: &SigningKey, text: &str) -> Signatures {
    let mut signatures = Signatures::default();
    signatures.insert(public(signer), signer.sign(text.as_bytes()).to_bytes());
    signatures
}

fn component() -> Digest {
    Digest::of(b"wasm")
}

#[test]
fn the_statement_is_as_documented() {
    let digest = "6fc8ea8a4b4c0ca6c5f2c1e1a1b3f1b0a3f0c0e9e6b3f6f9b1f0a3d2c5e8f7a6";
    assert_eq!(
        statement(digest.parse().unwrap()),
        format!("cofferdam component signature v1\nsha256:{digest}\n")
    );
}

#[test]
fn whoever_signed_it_vouches_for_it() {
    let (vendor, reviewer) = (signer(1), signer(2));
    let mut signatures = signed(&vendor, &statement(component()));
    signatures.merge(&signed(&reviewer, &statement(component())));
    assert_eq!(signatures.verify(component(), &public(&vendor)), Ok(()));
    assert_eq!(signatures.verify(component(), &public(&reviewer)), Ok(()));
}

#[test]
fn nobody_else_does() {
    let (vendor, other) = (signer(1), signer(2));
    let signatures = signed(&other, &statement(component()));
    assert_eq!(
        signatures.verify(component(), &public(&vendor)),
        Err(SignatureError::OtherKeys(vec![public(&other)]))
    );
    assert_eq!(
        Signatures::default().verify(component(), &public(&vendor)),
        Err(SignatureError::Unsigned)
    );
}

#[test]
fn a_signature_of_something_else_is_none() {
    let vendor = signer(1);
    let digest = component();
    for other in [
        statement(Digest::of(b"another")),
        format!("sha256:{digest}\n"),
        format!("cofferdam component signature v1\nsha256:{digest}"),
        format!("cofferdam component signature v2\nsha256:{digest}\n"),
        digest.to_string(),
        "wasm".to_owned(),
    ] {
        assert_eq!(
            signed(&vendor, &other).verify(digest, &public(&vendor)),
            Err(SignatureError::Invalid(public(&vendor))),
            "{other:?}"
        );
    }
}

#[test]
fn a_signature_by_another_in_the_keys_name_is_none() {
    let (vendor, other) = (signer(1), signer(2));
    let mut forged = Signatures::default();
    let signature = other.sign(statement(component()).as_bytes()).to_bytes();
    forged.insert(public(&vendor), signature);
    assert_eq!(
        forged.verify(component(), &public(&vendor)),
        Err(SignatureError::Invalid(public(&vendor)))
    );
}

/// The eight points of small order, and the first of them as it must not be
/// written, in hexadecimal digits.
const SMALL_ORDER: [&str; 9] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

#[test]
fn a_key_that_anybody_can_sign_for_vouches_for_nothing() {
    for point in SMALL_ORDER {
        let bytes: Vec<u8> = (0..32)
            .map(|at| u8::from_str_radix(&point[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let key = PublicKey(bytes.try_into().unwrap());
        // R = A and s = 0 satisfies the equation of verification for some.
        let mut signatures = Signatures::default();
        let mut forged = [0; 64];
        forged[..32].copy_from_slice(&key.0);
        signatures.insert(key, forged);
        let error = KeyError::Weak;
        assert_eq!(
            signatures.verify(component(), &key),
            Err(SignatureError::Key { key, error }),
            "{point}"
        );
        assert_eq!(key.check(), Err(KeyError::Weak));
    }
}

#[test]
fn bytes_that_are_no_point_are_no_key() {
    let mut bytes = [0; 32];
    bytes[0] = 2;
    assert_eq!(PublicKey(bytes).check(), Err(KeyError::NoKey));
}

#[test]
fn signatures_that_are_not_of_the_component_can_be_dropped() {
    let (vendor, stale) = (signer(1), signer(2));
    let mut signatures = signed(&vendor, &statement(component()));
    signatures.merge(&signed(&stale, &statement(Digest::of(b"before"))));
    assert_eq!(signatures.drop_invalid(component()), [public(&stale)]);
    assert_eq!(signatures, signed(&vendor, &statement(component())));
}

#[test]
fn what_is_no_file_of_signatures_is_told_with_its_line() {
    let file = signed(&signer(1), "1").to_string();
    let line = file.trim_end();
    let short = line.rsplit_once(':').unwrap().0;
    let key = public(&signer(1));
    for (text, expected) in [
        (line.to_owned(), "line 1: the file was cut off here".to_owned()),
        (file[..100].to_owned(), "line 1: the file was cut off here".to_owned()),
        (
            format!("{file}{}", &file[..20]),
            "line 2: the file was cut off here".to_owned(),
        ),
        (format!("{file}\n"), "line 2: it is no signature".to_owned()),
        (format!("# by me\n{file}"), "line 1: it is no signature".to_owned()),
        (format!(" {file}"), "line 1: it is no signature".to_owned()),
        (
            file.replace("ed25519", "ed448"),
            "line 1: it is no signature".to_owned(),
        ),
        (
            "ed25519:AAAA\n".to_owned(),
            "line 1: the signature is missing".to_owned(),
        ),
        (
            "ed25519:AAAA:AAAA\n".to_owned(),
            "line 1: the public key is not 32 bytes in base64".to_owned(),
        ),
        (
            format!("{short}:\n"),
            "line 1: the signature is not 64 bytes in base64".to_owned(),
        ),
        (
            format!("{line}\r\n"),
            "line 1: the signature is not 64 bytes in base64".to_owned(),
        ),
        (
            format!("{line}:AAAA\n"),
            "line 1: the signature is not 64 bytes in base64".to_owned(),
        ),
        (file.repeat(2), format!("line 2: a second signature with {key}")),
    ] {
        let told = Signatures::from_bytes(text.as_bytes()).unwrap_err().to_string();
        assert!(
            told.starts_with(&format!("{expected}; each line is")),
            "{text:?}: {told}"
        );
    }
}

#[test]
fn a_file_has_a_measure_and_is_text() {
    let told = |bytes: &[u8]| Signatures::from_bytes(bytes).unwrap_err().to_string();
    let limit = usize::try_from(SIGNATURES_LIMIT).unwrap();
    assert!(told(&vec![b'\n'; limit + 1]).contains("more than 16384 bytes"));
    assert!(told(b"ed25519:\xff\n").contains("no text"));
    assert_eq!(Signatures::from_bytes(b""), Ok(Signatures::default()));
}

proptest! {
    #[test]
    fn what_was_written_reads_back(entries in prop::collection::btree_map(any::<[u8; 32]>(), any::<[u8; 64]>(), 0..8)) {
        let signatures = Signatures(entries.into_iter().map(|(key, value)| (PublicKey(key), value)).collect());
        prop_assert_eq!(Signatures::from_bytes(signatures.to_string().as_bytes()), Ok(signatures));
    }

    #[test]
    fn what_is_read_has_one_way_to_be_written(text in "(ed25519:[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{86}==\n){0,3}") {
        if let Ok(signatures) = text.parse::<Signatures>() {
            let mut lines: Vec<&str> = text.lines().collect();
            let written = signatures.to_string();
            let mut again: Vec<&str> = written.lines().collect();
            lines.sort_unstable();
            again.sort_unstable();
            prop_assert_eq!(lines, again);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>(), text in "(ed25519:)?[A-Za-z0-9+/=:\n]{0,300}\n?") {
        let _ = Signatures::from_bytes(&bytes);
        let _ = Signatures::from_bytes(text.as_bytes());
    }

    #[test]
    fn one_bit_is_enough_to_break_it(bit in 0..512_usize) {
        let vendor = signer(1);
        let mut signature = vendor.sign(statement(component()).as_bytes()).to_bytes();
        signature[bit / 8] ^= 1 << (bit % 8);
        let mut signatures = Signatures::default();
        signatures.insert(public(&vendor), signature);
        prop_assert_eq!(
            signatures.verify(component(), &public(&vendor)),
            Err(SignatureError::Invalid(public(&vendor)))
        );
    }
}
