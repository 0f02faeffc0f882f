//! When a certificate ends, read out of its file.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// The tags of DER on the way to the end: a sequence, an explicit version, and both ways to write a time.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day][hour][minute][second]Z");

/// When the first certificate in the file (PEM) at `path` ends; nothing, where there is none to be read.
pub(super) fn end(path: &Path) -> Option<OffsetDateTime> {
    let text = fs::read_to_string(path).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.split_whitespace().collect();
    not_after(&STANDARD.decode(body).ok()?)
}

/// Walks to the end of the validity (RFC 5280, 4.1): in the certificate its first part; in that, behind version, serial
/// number, algorithm and issuer.
fn not_after(der: &[u8]) -> Option<OffsetDateTime> {
    let (_, certificate, _) = take(der)?;
    let (_, mut rest, _) = take(certificate)?;
    if rest.first() == Some(&VERSION) {
        rest = take(rest)?.2;
    }
    for _ in ["serial number", "algorithm", "issuer"] {
        rest = take(rest)?.2;
    }
    let (SEQUENCE, validity, _) = take(rest)? else {
        return None;
    };
    let (_, _, rest) = take(validity)?;
    let (tag, time, _) = take(rest)?;
    let time = std::str::from_utf8(time).ok()?;
    let time = match tag {
        // Of two digits: those from 50 on are of the last century.
        UTC_TIME if time.get(..2)? >= "50" => format!("19{time}"),
        UTC_TIME => format!("20{time}"),
        GENERALIZED_TIME => time.to_owned(),
        _ => return None,
    };
    Some(PrimitiveDateTime::parse(&time, TIME).ok()?.assume_utc())
}

/// Takes one value off `der`: its tag, its content, and what follows it.
fn take(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        let length = digits
            .iter()
            .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use time::macros::datetime;

    use super::*;

    fn certificate(year: i32) -> String {
        let mut params = CertificateParams::new(["shop".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 3, 1);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().pem()
    }

    #[test]
    fn the_end_stands_in_the_certificate_in_both_ways_of_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.pem");
        for (year, end) in [
            (2031, datetime!(2031-03-01 0:00 UTC)),
            (2061, datetime!(2061-03-01 0:00 UTC)),
        ] {
            fs::write(&path, certificate(year)).unwrap();

            assert_eq!(super::end(&path), Some(end));
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.pem");
        let whole = certificate(2031);
        let half = whole.replace("-----END", "");
        for text in [
            "",
            "-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----",
            &half,
        ] {
            fs::write(&path, text).unwrap();

            assert_eq!(end(&path), None);
        }
        assert_eq!(end(&folder.path().join("none.pem")), None);
    }
}
