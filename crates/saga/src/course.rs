//! A saga's way: what comes next, by how the last move ended. No I/O, no clock, no chance.

use crate::{Ending, Saga, Taken};

/// What a runner does next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Move<S> {
    /// Takes a step.
    Take(S),
    /// Decides to go back, for this reason, and commits that before anything is undone.
    TurnBack(String),
    /// Takes a step back.
    Undo(S),
    /// Nothing: its turn is over.
    End(Ending),
}

/// The first move of whoever takes up a saga.
pub fn first<S: Saga>(undoing: bool) -> Move<S::Step> {
    if undoing {
        back::<S>(undoable::<S>())
    } else {
        forward::<S>(0)
    }
}

/// The move after `done`, which ended so. [`judged`] has seen to it that a step ends as it may.
pub fn after<S: Saga>(done: &Move<S::Step>, taken: Taken) -> Move<S::Step> {
    match (done, taken) {
        (Move::End(ending), _) => Move::End(ending.clone()),
        (_, Taken::Lost) => Move::End(Ending::Lost),
        (Move::Take(_), Taken::Refused(reason)) => Move::TurnBack(reason),
        (_, Taken::Unknown | Taken::Refused(_)) => Move::End(Ending::Left),
        (Move::Take(step), Taken::Done) => forward::<S>(place::<S>(*step) + 1),
        (Move::TurnBack(_), Taken::Done) => back::<S>(undoable::<S>()),
        (Move::Undo(step), Taken::Done) => back::<S>(place::<S>(*step)),
    }
}

/// What an attempt's end means for the saga. Once its time is over, a step of which nobody knows counts as refused, where it may
/// be undone; where none may be refused, a refusal counts as unknown.
pub fn judged<S: Saga>(done: &Move<S::Step>, taken: Taken, overdue: bool) -> Taken {
    let may_turn = matches!(done, Move::Take(step) if place::<S>(*step) < undoable::<S>());
    match taken {
        Taken::Unknown if may_turn && overdue => Taken::Refused(S::OVERDUE.to_owned()),
        Taken::Refused(_) if !may_turn => Taken::Unknown,
        decided => decided,
    }
}

fn forward<S: Saga>(place: usize) -> Move<S::Step> {
    let step = S::STEPS.get(place);
    step.map_or(Move::End(Ending::Done), |step| Move::Take(*step))
}

/// Undoes the last of the first `left` steps: any of them may have half happened.
fn back<S: Saga>(left: usize) -> Move<S::Step> {
    let step = S::STEPS[..left].last();
    step.map_or(Move::End(Ending::Undone), |step| Move::Undo(*step))
}

/// How many steps may be undone.
fn undoable<S: Saga>() -> usize {
    S::LAST_UNDOABLE.map_or(0, |last| place::<S>(last) + 1)
}

fn place<S: Saga>(step: S::Step) -> usize {
    let place = S::STEPS.iter().position(|other| *other == step);
    place.expect("a saga takes only its own steps")
}
