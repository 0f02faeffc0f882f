//! A round as the report has it, judged by what its faults may cost.

use std::collections::HashSet;

use drill::{Figures, Findings, Goal, Heard, History, Struck, waited};
use tokio::time::Instant;

use super::super::rounds::Went;

/// Judges `went` by what customers sent and heard meanwhile.
pub(super) fn struck(
    went: &Went,
    history: &History,
    findings: &Findings,
    start: Instant,
) -> Struck {
    let during = |at: &Instant| (went.struck..=went.over).contains(at);
    let sendings = history.sendings();
    let sent = sendings.iter().filter(|one| during(&one.began));
    let keys: HashSet<&str> = sent.clone().map(|one| one.wish.key.as_str()).collect();
    let unknown = sent.filter(|one| matches!(one.heard, Heard::Unknown(_)));
    let unknown: HashSet<&str> = unknown.map(|one| one.wish.key.as_str()).collect();
    let of = |found: &[String]| {
        let named = found
            .iter()
            .filter_map(|words| words.split([' ', ':']).next());
        named.filter(|key| keys.contains(key)).count()
    };
    let figures = Figures {
        reads_out: waited(&history.looks(), went.struck, went.over),
        lost: of(&findings.lost),
        doubled: of(&findings.doubled),
        // A read names an order; all of them are told of by a check of their own.
        stale: 0,
        ..Figures::of(history, findings, went.struck, went.over)
    };
    let goal = went.fallen.iter().map(|blow| blow.goal).reduce(Goal::and);
    let beyond = goal.map(|goal| goal.failures(&figures)).unwrap_or_default();
    let wrong = went.wrong.iter().chain(&went.unrecorded).chain(&beyond);
    let back = (went.over - went.healed).as_secs_f64();
    Struck {
        number: went.number,
        what: went.round.to_string(),
        parts: went.parts(),
        at: after(start, went.struck),
        healed: after(start, went.healed),
        recovered_after: went.came_back.then_some(back),
        claimed: went.counted().0 > 0,
        detected_after: went.detected_after(),
        ledger: went.ledger.iter().map(ToString::to_string).collect(),
        writes_out: figures.writes_out.as_secs_f64(),
        writes_goal: goal.map_or(0.0, |goal| goal.writes.as_secs_f64()),
        reads_out: figures.reads_out.as_secs_f64(),
        unread: figures.unread,
        lost: figures.lost,
        doubled: figures.doubled,
        unknown: unknown.len(),
        wrong: wrong.cloned().collect(),
    }
}

/// How many seconds after `start`.
pub(super) fn after(start: Instant, moment: Instant) -> f64 {
    moment.saturating_duration_since(start).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use drill::{Look, Sending, Wish};
    use uuid::Uuid;

    use super::super::super::rounds::tests::went;
    use super::*;

    /// How long the round lasts: three times what it may cost, and more.
    const LASTS: u64 = 40;

    /// A round in which an order was taken every `orders` seconds, and a look answered every `looks`.
    fn judged(orders: u64, looks: u64, findings: &Findings) -> Struck {
        let (history, mut went) = (History::default(), went(&["news-1", "news-2"]));
        let at = |second| went.struck + Duration::from_secs(second);
        for second in (0..=LASTS).filter(|second| second.is_multiple_of(orders)) {
            let wish = Wish {
                customer: Uuid::nil(),
                key: format!("drill-{second}"),
                lines: Vec::new(),
                cart: None,
            };
            history.sent(Sending {
                wish: Arc::new(wish),
                began: at(second),
                ended: at(second),
                heard: Heard::Taken {
                    id: Uuid::nil(),
                    status: "confirmed".to_owned(),
                    total: 1,
                },
            });
        }
        for second in (0..=LASTS).filter(|second| second.is_multiple_of(looks)) {
            history.looked(Look {
                began: at(second.saturating_sub(looks)),
                ended: at(second),
                answered: true,
            });
        }
        went.over = at(LASTS);
        struck(&went, &history, findings, went.struck)
    }

    #[test]
    fn a_round_that_costs_no_more_than_it_may_is_fine() {
        let struck = judged(1, 1, &Findings::default());

        assert_eq!(struck.wrong, Vec::<String>::new());
    }

    #[test]
    fn planted_times_far_beyond_the_goal_are_told() {
        let orders = judged(20, 1, &Findings::default());
        let looks = judged(1, 20, &Findings::default());

        assert_eq!(orders.wrong.len(), 1, "{:?}", orders.wrong);
        assert!(orders.wrong[0].starts_with("no order for 20.0s"));
        assert_eq!(looks.wrong.len(), 1, "{:?}", looks.wrong);
        assert!(looks.wrong[0].starts_with("no read for 20.0s"));
    }

    #[test]
    fn a_planted_loss_is_told_in_the_round_in_which_it_was_sent() {
        let lost = |key: &str| Findings {
            lost: vec![format!("{key} is the order of nobody, which is not stored")],
            ..Findings::default()
        };

        assert_eq!(judged(1, 1, &lost("drill-7")).wrong.len(), 1);
        assert_eq!(judged(1, 1, &lost("drill-99")).wrong.len(), 0);
    }

    #[test]
    fn what_went_wrong_with_the_round_itself_is_told() {
        let mut went = went(&[]);
        went.wrong.push("it does not come back".to_owned());
        went.unrecorded
            .push("the ledger has nothing of it".to_owned());
        went.came_back = false;

        let struck = struck(
            &went,
            &History::default(),
            &Findings::default(),
            went.struck,
        );

        assert_eq!(struck.wrong.len(), 2, "{:?}", struck.wrong);
        assert_eq!(struck.recovered_after, None);
    }
}
