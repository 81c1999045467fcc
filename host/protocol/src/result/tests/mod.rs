#![allow(clippy::unwrap_used)]

mod printing;
mod properties;
mod reading;

use std::net::IpAddr;

use crate::{IpPrefix, SpecVersion};

const OLD: [SpecVersion; 2] = [SpecVersion::V0_1_0, SpecVersion::V0_2_0];
const MIDDLE: [SpecVersion; 3] = [SpecVersion::V0_3_0, SpecVersion::V0_3_1, SpecVersion::V0_4_0];
const NEW: [SpecVersion; 2] = [SpecVersion::V1_0_0, SpecVersion::V1_1_0];

fn prefix(text: &str) -> IpPrefix {
    text.parse().unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}
