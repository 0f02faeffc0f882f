//! What happens when something arrives, and what a runner makes of it.

use std::collections::BTreeSet;

use order::domain::order::Status;
use order::place_order::Step;
use saga::Taken;
use saga::course::{self, Move};

use super::{Bug, Message, Saga, Shop, State};

impl State {
    /// The customer, who has so much, has sent an order.
    pub(super) fn before_the_order(balance: i64) -> Self {
        Self {
            shop: Shop::of(balance),
            runners: Vec::new(),
            wire: BTreeSet::from([Message::Place]),
            overdue: false,
            told: None,
            settled: None,
        }
    }

    /// The runners who wait for an answer to `message`. The customer counts as the first where nobody else can.
    pub(super) fn waiting_for(&self, message: &Message) -> impl Iterator<Item = usize> {
        let waits = |at: &usize| match message {
            Message::Place => *at == 0,
            _ => self.asks(*at).as_ref() == Some(message),
        };
        let all = 0..self.runners.len().max(1);
        all.filter(waits).collect::<Vec<_>>().into_iter()
    }

    /// What the runner with this place asks for.
    fn asks(&self, at: usize) -> Option<Message> {
        let epoch = i64::try_from(at).ok()? + 1;
        Some(match self.runners.get(at)?.as_ref()? {
            Move::Take(Step::TakeMoney) => Message::Charge,
            Move::Take(Step::Confirm) => Message::Confirm(epoch),
            Move::TurnBack(reason) => Message::Decide(epoch, reason.clone()),
            Move::Undo(Step::TakeMoney) => Message::Refund,
            Move::Undo(Step::HoldStock) => Message::Release(epoch),
            Move::Take(Step::HoldStock) | Move::Undo(Step::Confirm) | Move::End(_) => return None,
        })
    }

    /// Carries out `message`, and lets `heard` go on with its answer.
    pub(super) fn arrive(&mut self, message: &Message, heard: Option<usize>, bug: Option<Bug>) {
        let taken = match message {
            Message::Place => return self.place(heard.is_some(), bug),
            Message::Charge => self.shop.charge(bug),
            Message::Refund => self.shop.refund(),
            Message::Decide(epoch, reason) => self.shop.decide(*epoch, reason),
            Message::Confirm(epoch) => self.shop.confirm(*epoch, bug),
            Message::Release(epoch) => self.shop.release(*epoch),
        };
        self.note();
        if let Some(at) = heard {
            self.went(at, taken, bug);
        }
    }

    fn place(&mut self, heard: bool, bug: Option<Bug>) {
        if self.shop.place(bug) {
            self.take_up(bug);
        } else if heard {
            // A key that was sent before is answered as its order has settled.
            self.told = self.shop.status.filter(|status| *status != Status::Pending);
        }
    }

    /// Somebody claims the saga: `set epoch = epoch + 1 ... where ended_at is null and leased_until < now`.
    pub(super) fn claim(&mut self, bug: Option<Bug>) {
        self.shop.saga.epoch += 1;
        self.take_up(bug);
    }

    fn take_up(&mut self, bug: Option<Bug>) {
        self.runners.push(None);
        let first = course::first::<Saga>(self.shop.saga.undo.is_some());
        self.go(self.runners.len() - 1, first, bug);
    }

    /// A runner's attempt has ended so.
    fn went(&mut self, at: usize, taken: Taken, bug: Option<Bug>) {
        let Some(done) = self.runners[at].take() else {
            return;
        };
        match course::judged::<Saga>(&done, taken, self.overdue) {
            // It tries again: what it sends is on the wire already.
            Taken::Unknown => self.runners[at] = Some(done),
            taken => self.go(at, course::after::<Saga>(&done, taken), bug),
        }
    }

    /// A runner gives up an attempt.
    pub(super) fn give_up(&mut self, at: usize, bug: Option<Bug>) {
        self.went(at, Taken::Unknown, bug);
    }

    /// A runner makes its next move: what it asks for is sent.
    fn go(&mut self, at: usize, next: Move<Step>, bug: Option<Bug>) {
        let next = match next {
            // Held by the placing transaction.
            Move::Take(Step::HoldStock) => course::after::<Saga>(&next, Taken::Done),
            Move::TurnBack(_) if bug == Some(Bug::UndoBeforeDecision) => {
                course::after::<Saga>(&next, Taken::Done)
            }
            next => next,
        };
        self.runners[at] = Some(next).filter(|next| !matches!(next, Move::End(_)));
        self.wire.extend(self.asks(at));
    }

    /// Remembers how the order first settled.
    fn note(&mut self) {
        let settled = self.shop.status.filter(|status| *status != Status::Pending);
        self.settled = self.settled.or(settled);
    }

    /// Whether it settles once every call is answered at once and nobody crashes any more.
    pub(super) fn settles_in_the_end(mut self, bug: Option<Bug>) -> bool {
        self.arrive(&Message::Place, None, bug);
        for _ in 0..3 {
            if self.shop.saga.ended {
                return true;
            }
            self.claim(bug);
            let at = self.runners.len() - 1;
            // The epoch of this claim may be beyond the bound: the order of moves is what counts.
            // More moves than there are one way and back.
            for _ in 0..8 {
                let Some(message) = self.asks(at) else { break };
                self.arrive(&message, Some(at), bug);
            }
        }
        self.shop.saga.ended
    }
}
