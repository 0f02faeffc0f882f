//! How pages look and speak: the frame around each, words, amounts, times, fields, pictures.

pub(crate) mod field;
mod frame;
mod locale;
pub(crate) mod money;
pub(crate) mod picture;
mod when;
pub(crate) mod words;

pub(crate) use frame::Frame;
pub(crate) use locale::{Locale, done_to};
pub(crate) use money::Money;
