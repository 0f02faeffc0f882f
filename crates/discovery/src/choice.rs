//! Who takes a call: the one whose turn it is by weight, unless another drawn by chance would clearly be quicker.

/// Seconds; differences of this size are noise of the machine that we run on.
pub(crate) const GRAIN: f64 = 0.001;
/// So many calls in flight more or less are chance.
const FEW: f64 = 3.0;
/// How much the one whose turn it is may be worse than the other: below it weights hold exactly, above it load decides.
const CLEARLY: f64 = 2.0;

/// How an instance looks to somebody who has a call to give.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// The latency to expect, in seconds, once it is known.
    pub(crate) latency: Option<f64>,
    /// For how long callers have waited there without any sign of life, in seconds.
    pub(crate) silence: f64,
    /// Calls in flight.
    pub(crate) pending: f64,
    /// Its weight as a part of the average one.
    pub(crate) share: f64,
}

/// Whether a call is clearly better off with `other` than with the one whose turn it is.
pub(crate) fn clearly_better(other: Look, turn: Look) -> bool {
    let (here, there) = (time(turn, other), time(other, turn));
    // Calls in flight at a quick one are no reason to go to a slow one, as long as they are not many.
    let worse = if here > CLEARLY * there { 1.0 } else { CLEARLY };
    here * queue(turn) > worse * there * queue(other)
}

/// What an answer takes; one that is not known yet is taken to be like the one beside it.
fn time(look: Look, beside: Look) -> f64 {
    let latency = look.latency.or(beside.latency).unwrap_or(0.0);
    GRAIN + latency.max(look.silence)
}

/// How many share the instance with a call.
fn queue(look: Look) -> f64 {
    FEW + look.pending / look.share
}

/// The turn by weight: each gains its weight, the richest pays for all ("smooth weighted round robin"), so that the
/// turns of one are spread as evenly as can be. `seats` are credit and weight.
pub(crate) fn turn<'a>(seats: impl Iterator<Item = (&'a mut i64, u32)>) -> Option<usize> {
    let mut total = 0;
    let mut richest: Option<(usize, &mut i64)> = None;
    for (at, (credit, weight)) in seats.enumerate() {
        *credit += i64::from(weight);
        total += i64::from(weight);
        if richest.as_ref().is_none_or(|(_, most)| *credit > **most) {
            richest = Some((at, credit));
        }
    }
    let (at, credit) = richest?;
    *credit -= total;
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IDLE: Look = Look {
        latency: Some(0.005),
        silence: 0.0,
        pending: 0.0,
        share: 1.0,
    };

    #[test]
    fn one_that_is_ten_times_slower_gives_its_turn_away_and_takes_none() {
        let slow = Look {
            latency: Some(0.05),
            ..IDLE
        };

        assert!(clearly_better(IDLE, slow));
        assert!(!clearly_better(slow, IDLE));
    }

    #[test]
    fn one_that_has_fallen_silent_gives_its_turn_away() {
        let silent = Look {
            silence: 0.02,
            pending: 1.0,
            ..IDLE
        };

        assert!(clearly_better(IDLE, silent));
    }

    #[test]
    fn calls_in_flight_count_by_weight() {
        let busy = |pending, share| Look {
            pending,
            share,
            ..IDLE
        };

        assert!(clearly_better(busy(1.0, 0.5), busy(6.0, 0.5)));
        assert!(!clearly_better(busy(1.0, 0.5), busy(6.0, 1.5)));
    }

    #[test]
    fn one_that_is_not_known_yet_keeps_its_turn_and_takes_none() {
        let unknown = Look {
            latency: None,
            ..IDLE
        };

        assert!(!clearly_better(IDLE, unknown));
        assert!(!clearly_better(unknown, IDLE));
    }

    proptest! {
        #[test]
        fn turns_are_as_many_as_the_weights_say(weights in prop::collection::vec(1_u32..50, 1..8)) {
            let mut credits = vec![0; weights.len()];
            let mut turns = vec![0; weights.len()];
            let round: u32 = weights.iter().sum();

            for _ in 0..round {
                let at = turn(credits.iter_mut().zip(weights.iter().copied())).unwrap();
                turns[at] += 1;
            }

            prop_assert_eq!(turns, weights);
        }
    }

    #[test]
    fn nobody_has_no_turn() {
        assert_eq!(turn(std::iter::empty()), None);
    }
}
