//! What is asked of a service, and what its instances use, at a moment.

use super::presence::{Presence, State};

/// How much a service is asked, all its instances together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// How many instances take requests.
    pub present: u32,
    /// Requests a second that were asked, those that found no room among them.
    pub asked: f64,
    /// Those of them that found no room.
    pub refused: f64,
    /// Requests a second that one instance answered as it should, in the middle.
    pub answered_each: f64,
    /// Of what one instance used most: processors.
    pub cpu: f64,
    /// Of what one instance used most: bytes.
    pub memory: u64,
}

impl Load {
    /// Puts together what the instances of `service` tell. Those that start or are silent tell nothing; one that drains is still
    /// asked, and is none to reckon with.
    pub fn of(service: &str, heard: &[Presence]) -> Self {
        let of = heard.iter().filter(|one| one.report.service == service);
        let mut load = Self::default();
        let mut answered = 0.0;
        for one in of.filter(|one| matches!(one.state, State::Up | State::Draining)) {
            load.asked += one.pace.asked_per_second;
            load.refused += one.pace.shed_per_second;
            load.cpu = load.cpu.max(one.pace.cpu);
            load.memory = load.memory.max(one.report.memory_bytes);
            if one.state == State::Up {
                load.present += 1;
                answered += one.pace.answered_per_second;
            }
        }
        if load.present > 0 {
            load.answered_each = answered / f64::from(load.present);
        }
        load
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::presence::{Pace, Report};
    use time::OffsetDateTime;

    fn order(state: State, asked: f64, shed: f64) -> Presence {
        Presence {
            report: Report {
                service: "order".to_owned(),
                memory_bytes: 1_000,
                ..Report::default()
            },
            state,
            heard_at: OffsetDateTime::UNIX_EPOCH,
            pace: Pace {
                asked_per_second: asked,
                shed_per_second: shed,
                answered_per_second: asked - shed,
                cpu: asked / 100.0,
                ..Pace::default()
            },
        }
    }

    #[test]
    fn what_found_no_room_was_asked_too_and_who_ends_is_none_to_reckon_with() {
        let mut user = order(State::Up, 500.0, 0.0);
        user.report.service = "user".to_owned();
        let heard = [
            order(State::Up, 100.0, 20.0),
            order(State::Up, 50.0, 0.0),
            order(State::Draining, 10.0, 0.0),
            order(State::Silent, 900.0, 0.0),
            order(State::Starting, 900.0, 0.0),
            user,
        ];

        let load = Load::of("order", &heard);

        assert_eq!((load.present, load.asked, load.refused), (2, 160.0, 20.0));
        assert_eq!(
            (load.answered_each, load.cpu, load.memory),
            (65.0, 1.0, 1_000)
        );
    }

    #[test]
    fn where_nobody_is_nothing_is_asked() {
        assert_eq!(Load::of("order", &[]), Load::default());
    }
}
