//! Helpers for `#[serde(deserialize_with = "…")]`, to be used together with
//! `#[serde(default)]`.

use std::{fmt::Display, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};

/// A value given as text, where the empty text means that it is not set. Go's
/// encoders send such a text for addresses that they do not have.
///
/// # Errors
/// The value is no string, or does not parse.
pub fn empty_as_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    match Option::<String>::deserialize(deserializer)?.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|error| D::Error::custom(format_args!("{text:?}: {error}"))),
    }
}

/// A number, where zero means that it is not set.
///
/// # Errors
/// The value is no number, or does not fit.
pub fn zero_as_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default + PartialEq,
{
    Ok(Option::<T>::deserialize(deserializer)?.filter(|number| *number != T::default()))
}
