//! What a setting's text may mean.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// A type that settings have.
pub trait Value: Sized {
    /// What a text must be, to follow "must be": `a number`.
    const MUST_BE: &'static str;

    /// Reads it, or finds that it is not one.
    fn read(text: &str) -> Option<Self>;
}

macro_rules! by_parsing {
    ($($type:ty: $must_be:literal,)*) => {$(
        impl Value for $type {
            const MUST_BE: &'static str = $must_be;

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}

by_parsing! {
    u16: "a whole number from 0 to 65535",
    u32: "a whole number, 0 or more",
    u64: "a whole number, 0 or more",
    usize: "a whole number, 0 or more",
    i64: "a whole number",
    f64: "a number",
    bool: "`true` or `false`",
    SocketAddr: "an address and a port such as `127.0.0.1:8080`",
    PathBuf: "a path",
    telemetry::Format: "`pretty` or `json`",
}

impl Value for String {
    const MUST_BE: &'static str = "a text that is not empty";

    fn read(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl Value for SecretString {
    const MUST_BE: &'static str = "a text that is not empty";

    fn read(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.into())
    }
}

impl Value for Duration {
    const MUST_BE: &'static str = "a time such as `500ms`, `30s`, `15m`, `2h` or `7d`";

    fn read(text: &str) -> Option<Self> {
        let unit = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at(unit);
        let number: u64 = number.parse().ok()?;
        let seconds = match unit {
            "ms" => return Some(Self::from_millis(number)),
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        number.checked_mul(seconds).map(Self::from_secs)
    }
}

impl<T: Value> Value for Vec<T> {
    const MUST_BE: &'static str = "a list with commas between";

    fn read(text: &str) -> Option<Self> {
        text.split(',').map(|part| T::read(part.trim())).collect()
    }
}
