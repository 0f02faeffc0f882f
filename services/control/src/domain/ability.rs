//! How many requests a second one instance can answer, learned from what instances had to refuse.
//!
//! As long as none refuses anything, nobody knows: the most that was answered so far was answered. Once they refuse, what each
//! answers meanwhile is what it can do. More is believed at once, since it was done; less only slowly, and only while they
//! refuse: a neighbour that hangs for a moment makes an instance refuse too.

use super::load::Load;

/// A smaller share of what is asked that is refused says nothing: one kind of request may have been too many at once.
const REFUSES: f64 = 0.02;
/// Fewer requests a second of one instance say nothing.
const ENOUGH: f64 = 1.0;
/// Less is believed by one part in this of the difference, each time that it is looked.
const FOLLOW: f64 = 32.0;

/// What one instance of a service can do, as far as it was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ability {
    known: Option<f64>,
}

impl Ability {
    /// Goes on from what another one had learned.
    pub fn resumed(known: Option<f64>) -> Self {
        Self { known }
    }

    /// Requests a second; nothing before any was refused.
    pub fn known(&self) -> Option<f64> {
        self.known
    }

    /// Learns from how the instances are at a moment.
    pub fn note(&mut self, load: &Load) {
        let each = load.answered_each;
        if each < ENOUGH {
            return;
        }
        let refuses = load.refused > REFUSES * load.asked;
        self.known = match self.known {
            None => refuses.then_some(each),
            Some(known) if each > known => Some(each),
            Some(known) if refuses => Some(known + (each - known) / FOLLOW),
            known => known,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(answered_each: f64, refused: f64) -> Load {
        Load {
            asked: answered_each + refused,
            refused,
            answered_each,
            ..Load::default()
        }
    }

    #[test]
    fn nothing_is_known_before_anything_is_refused() {
        let mut ability = Ability::default();
        ability.note(&load(500.0, 0.0));
        ability.note(&load(500.0, 5.0));
        assert_eq!(ability.known(), None);

        ability.note(&load(90.0, 40.0));

        assert_eq!(ability.known(), Some(90.0));
    }

    #[test]
    fn more_is_believed_at_once_and_less_slowly_while_it_refuses() {
        let mut ability = Ability::resumed(Some(100.0));

        ability.note(&load(120.0, 0.0));
        assert_eq!(ability.known(), Some(120.0));
        ability.note(&load(40.0, 0.0));
        assert_eq!(ability.known(), Some(120.0));
        ability.note(&load(40.0, 40.0));
        assert_eq!(ability.known(), Some(117.5));
        for _ in 0..200 {
            ability.note(&load(40.0, 40.0));
        }
        assert!((40.0..41.0).contains(&ability.known().unwrap()));
    }

    #[test]
    fn an_instance_that_answers_nothing_says_nothing() {
        let mut ability = Ability::default();

        ability.note(&load(0.0, 100.0));

        assert_eq!(ability.known(), None);
    }
}
