//! What those who come want, and how many come when.

use std::fmt;
use std::str::FromStr;

use crate::Act;

/// How many times the usual number come in each hour of a day.
const HOURS: [f64; 24] = [
    0.4, 0.25, 0.15, 0.1, 0.1, 0.2, 0.4, 0.7, 1.0, 1.2, 1.3, 1.3, 1.4, 1.3, 1.2, 1.1, 1.2, 1.4,
    1.7, 2.0, 2.1, 1.7, 1.1, 0.7,
];

/// A kind of day at the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Everybody looks.
    Browse,
    /// Many look, some order by a cart.
    Cart,
    /// Many look, some order.
    Checkout,
    /// Everybody orders.
    Orders,
    /// Everybody orders one product; five times as many come in the middle third.
    Flash,
    /// Everybody signs in; five times as many come in the middle third.
    SignIn,
    /// A day from night to night: few come at its ends and most in the evening; they do all of it.
    Day,
    /// All of it, steadily.
    All,
}

impl Mix {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Browse,
        Self::Cart,
        Self::Checkout,
        Self::Orders,
        Self::Flash,
        Self::SignIn,
        Self::Day,
        Self::All,
    ];

    /// Its word at the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::Cart => "cart",
            Self::Checkout => "checkout",
            Self::Orders => "orders",
            Self::Flash => "flash-sale",
            Self::SignIn => "sign-in-storm",
            Self::Day => "day",
            Self::All => "all",
        }
    }

    /// How many of a hundred come for what.
    pub fn shares(self) -> &'static [(Act, u32)] {
        match self {
            Self::Browse => &[(Act::Look, 100)],
            Self::Cart => &[(Act::Look, 70), (Act::Cart, 30)],
            Self::Checkout => &[(Act::Look, 80), (Act::Order, 20)],
            Self::Orders | Self::Flash => &[(Act::Order, 100)],
            Self::SignIn => &[(Act::SignIn, 100)],
            Self::Day | Self::All => &[
                (Act::Look, 60),
                (Act::Order, 25),
                (Act::Cart, 10),
                (Act::SignIn, 5),
            ],
        }
    }

    /// What somebody comes for whose lot, of a hundred, is `lot`.
    pub fn act(self, lot: u32) -> Act {
        let mut left = lot % 100;
        for (act, share) in self.shares() {
            match left.checked_sub(*share) {
                None => return *act,
                Some(less) => left = less,
            }
        }
        Act::Look
    }

    /// How many times the usual number come when `share` of the time is over, 0 to 1.
    pub fn crowd(self, share: f64) -> f64 {
        match self {
            Self::Flash | Self::SignIn if (1.0 / 3.0..2.0 / 3.0).contains(&share) => 5.0,
            Self::Day => hour(share),
            _ => 1.0,
        }
    }

    /// How many times the usual number come when most of them do.
    pub fn peak(self) -> f64 {
        let hours = (0..24).map(|hour| self.crowd(f64::from(hour) / 24.0));
        hours.fold(1.0, f64::max)
    }

    /// Whether all want the same product.
    pub fn is_of_one_product(self) -> bool {
        self == Self::Flash
    }
}

/// How many come when `share` of a day is over.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 23"
)]
fn hour(share: f64) -> f64 {
    HOURS[((share.clamp(0.0, 1.0) * 24.0) as usize).min(23)]
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mix| mix.word() == word);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::word);
            format!("`{word}` is no mix: {}", words.join(", "))
        })
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mix_has_all_of_its_hundred_and_no_other_acts() {
        for mix in Mix::ALL {
            assert_eq!(mix.word().parse(), Ok(mix));
            for (act, share) in mix.shares() {
                let found = (0..100).filter(|lot| mix.act(*lot) == *act).count();
                assert_eq!(u32::try_from(found).unwrap(), *share, "{mix}: {act:?}");
            }
        }
    }

    #[test]
    fn a_flash_sale_has_its_crowd_in_the_middle_and_a_day_has_its_in_the_evening() {
        let near = |one: f64, two: f64| (one - two).abs() < 1e-9;
        assert!(near(Mix::Flash.crowd(0.1), 1.0) && near(Mix::Flash.crowd(0.5), 5.0));
        assert!(near(Mix::Day.crowd(0.99), 0.7) && near(Mix::Day.crowd(20.5 / 24.0), 2.1));
        assert!(near(HOURS.iter().sum::<f64>() / 24.0, 1.0));
        let peaks = [Mix::Flash, Mix::Day, Mix::All].map(Mix::peak);
        assert!(near(peaks[0], 5.0) && near(peaks[1], 2.1) && near(peaks[2], 1.0));
    }
}
