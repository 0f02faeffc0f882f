//! Amounts of money, as the API has them and as people read them.

use serde::{Deserialize, Serialize};

use super::Locale;

/// An amount in minor units: 1999 of USD is 19.99 dollars.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Money {
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

impl Money {
    /// How many digits stand behind the point.
    fn digits(&self) -> usize {
        match &*self.currency {
            "JPY" | "KRW" | "VND" | "CLP" | "ISK" => 0,
            "BHD" | "KWD" | "OMR" | "JOD" | "TND" => 3,
            _ => 2,
        }
    }

    /// The same `times` over.
    pub(crate) fn times(&self, times: i64) -> Self {
        Self {
            amount: self.amount.saturating_mul(times),
            currency: self.currency.clone(),
        }
    }

    /// The number alone, as a field of a form holds it.
    pub(crate) fn plain(&self) -> String {
        let (digits, amount) = (self.digits(), self.amount.unsigned_abs());
        let minus = if self.amount < 0 { "-" } else { "" };
        if digits == 0 {
            return format!("{minus}{amount}");
        }
        let unit = 10_u64.pow(u32::try_from(digits).unwrap_or(2));
        format!("{minus}{}.{:0digits$}", amount / unit, amount % unit)
    }

    /// Reads what somebody typed as an amount of `currency`; nothing, where it is none.
    pub(crate) fn read(text: &str, currency: &str) -> Option<Self> {
        let mut money = Self {
            amount: 0,
            currency: currency.to_owned(),
        };
        let text = text.trim().trim_start_matches(['$', '¥', '€']).trim();
        let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let digits = money.digits();
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > digits || !plain(whole) || !plain(part) {
            return None;
        }
        let all = format!("{whole}{part:0<digits$}");
        money.amount = all.parse().ok()?;
        Some(money)
    }

    /// As people of `locale` read it.
    pub(crate) fn shown(&self, locale: Locale) -> String {
        let sign = match (&*self.currency, locale) {
            ("USD", Locale::English) => "$",
            ("USD", Locale::Chinese) => "US$",
            ("EUR", _) => "€",
            ("GBP", _) => "£",
            ("CNY", Locale::Chinese) => "¥",
            ("CNY", Locale::English) => "CN¥",
            ("JPY", _) => "JP¥",
            (other, _) => return format!("{other}\u{a0}{}", grouped(&self.plain())),
        };
        let plain = self.plain();
        match plain.strip_prefix('-') {
            Some(rest) => format!("−{sign}{}", grouped(rest)),
            None => format!("{sign}{}", grouped(&plain)),
        }
    }
}

/// With a comma between thousands, as both of our languages have it.
fn grouped(plain: &str) -> String {
    let (whole, part) = plain.split_once('.').unwrap_or((plain, ""));
    let (minus, whole) = whole
        .strip_prefix('-')
        .map_or(("", whole), |rest| ("−", rest));
    let mut text = String::from(minus);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if !part.is_empty() {
        text.push('.');
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(amount: i64, currency: &str) -> Money {
        Money {
            amount,
            currency: currency.to_owned(),
        }
    }

    #[test]
    fn amounts_are_written_as_people_read_them() {
        for (amount, currency, english, chinese) in [
            (1_999, "USD", "$19.99", "US$19.99"),
            (123_456_789, "USD", "$1,234,567.89", "US$1,234,567.89"),
            (-500, "USD", "−$5.00", "−US$5.00"),
            (5, "EUR", "€0.05", "€0.05"),
            (1_500, "JPY", "JP¥1,500", "JP¥1,500"),
            (-1_250, "CHF", "CHF\u{a0}−12.50", "CHF\u{a0}−12.50"),
        ] {
            assert_eq!(money(amount, currency).shown(Locale::English), english);
            assert_eq!(money(amount, currency).shown(Locale::Chinese), chinese);
        }
    }

    #[test]
    fn what_is_no_amount_is_not_taken_for_one() {
        for text in [
            "",
            "x",
            "1.999",
            "-5",
            "1e3",
            "1.2.3",
            "١",
            "9".repeat(30).as_str(),
        ] {
            assert_eq!(Money::read(text, "USD"), None, "{text}");
        }
        assert_eq!(Money::read(" $25 ", "USD"), Some(money(2_500, "USD")));
        assert_eq!(Money::read("25,5", "USD"), Some(money(2_550, "USD")));
        assert_eq!(Money::read("25.5", "JPY"), None);
    }

    proptest! {
        #[test]
        fn an_amount_in_a_field_is_read_back_as_it_was(amount in 0..i64::MAX) {
            for currency in ["USD", "JPY", "KWD"] {
                let money = money(amount, currency);
                prop_assert_eq!(Money::read(&money.plain(), currency), Some(money));
            }
        }
    }
}
