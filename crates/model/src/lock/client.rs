//! Those who want the lock, and what each can do next.

use super::{Action, Bug, Locking, State, TTL};

/// Somebody who wants the lock, once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Client {
    /// How it stands to the lock, as far as it knows.
    pub phase: Phase,
    /// How far it is at the resource.
    pub work: Work,
}

/// How somebody stands to the lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It has not asked.
    #[default]
    Idle,
    /// It has asked at the first moment, by its own clock; its request was decided on at the second, by the database's.
    Asked {
        /// When it asked.
        sent: u8,
        /// When that was decided on.
        placed: Option<u8>,
    },
    /// It was told that it holds it.
    Holds {
        /// What it shows to the resource.
        token: i64,
        /// From when on it counts its lease.
        sent: u8,
        /// When it sent a request by which it was renewed, of which it has not heard.
        renewed: Option<u8>,
    },
    /// It has let go.
    Gone,
}

/// How far somebody is at the resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Work {
    /// Nothing is done.
    #[default]
    Nothing,
    /// Its token is shown.
    Shown,
    /// It has read so much.
    Read(u8),
    /// It has read so much, before it has shown its token.
    ReadFirst(u8),
    /// A write is on the way, with this token, and after so much was read.
    Sent(i64, u8),
    /// It is there.
    Written,
    /// It was refused: somebody came later.
    Refused,
}

impl Client {
    /// Whether its guard says that it holds the lock.
    pub fn is_held(&self, time: u8) -> bool {
        matches!(self.phase, Phase::Holds { sent, .. } if time < sent + TTL * 2 / 3)
    }
}

impl Locking {
    /// Does it, where it can be done now.
    pub(super) fn go(&self, state: &mut State, action: Action) -> bool {
        match action {
            Action::Tick => {
                state.time += 1;
                state.time <= self.ticks
            }
            Action::Promote => {
                let may = state.server.timeline <= self.promotions.into();
                state.server.promote(self.ahead);
                may
            }
            Action::Ask(at)
            | Action::Arrive(at)
            | Action::Hear(at)
            | Action::Renew(at)
            | Action::Renewed(at)
            | Action::Release(at) => self.hold(state, at, action),
            Action::Show(at) | Action::Read(at) | Action::Send(at) | Action::Land(at) => {
                self.work(state, at, action)
            }
        }
    }

    fn hold(&self, state: &mut State, at: usize, action: Action) -> bool {
        let (time, server) = (state.time, &mut state.server);
        let phase = &mut state.clients[at].phase;
        let next = match (action, phase.clone()) {
            (Action::Ask(_), Phase::Idle) => Phase::Asked {
                sent: time,
                placed: None,
            },
            (Action::Arrive(_), Phase::Asked { sent, placed: None }) => {
                let placed = Some(server.ask(at, time, self.bug));
                Phase::Asked { sent, placed }
            }
            (
                Action::Hear(_),
                Phase::Asked {
                    sent,
                    placed: Some(placed),
                },
            ) => {
                let Some(granted) = server.granted(at) else {
                    return false;
                };
                // As much later as the database says that its answer was; never later than it came.
                let begun = (sent + granted.from.saturating_sub(placed)).min(time);
                let begun = if self.bug == Some(Bug::FromAnswer) {
                    time
                } else {
                    begun
                };
                Phase::Holds {
                    token: granted.token,
                    sent: begun,
                    renewed: None,
                }
            }
            (
                Action::Renew(_),
                Phase::Holds {
                    token,
                    sent,
                    renewed: None,
                },
            ) => {
                // It renews at a third, and not once it counts as lost.
                let due = time > sent && time < sent + TTL * 2 / 3;
                if !due || !server.renew(at, time, self.bug) {
                    return false;
                }
                let renewed = Some(time);
                Phase::Holds {
                    token,
                    sent,
                    renewed,
                }
            }
            (
                Action::Renewed(_),
                Phase::Holds {
                    token,
                    sent,
                    renewed: Some(renewed),
                },
            ) => {
                if time >= sent + TTL * 2 / 3 {
                    return false;
                }
                let begun = if self.bug == Some(Bug::FromAnswer) {
                    time
                } else {
                    renewed
                };
                Phase::Holds {
                    token,
                    sent: begun,
                    renewed: None,
                }
            }
            (Action::Release(_), Phase::Holds { .. }) => {
                server.release(at, time, self.bug);
                Phase::Gone
            }
            _ => return false,
        };
        *phase = next;
        true
    }

    fn work(&self, state: &mut State, at: usize, action: Action) -> bool {
        let (client, resource) = (&mut state.clients[at], &mut state.resource);
        let hasty = self.bug == Some(Bug::ReadBeforeShow);
        let token = match client.phase {
            Phase::Holds { token, .. } => Some(token),
            _ => None,
        };
        let held = token.filter(|_| client.is_held(state.time));
        let next = match (action, client.work.clone(), held) {
            (Action::Show(_), Work::Nothing, Some(token)) if !hasty => {
                ready(resource.show(token, self.bug), Work::Shown)
            }
            // It may have been paused since.
            (Action::Read(_), Work::Shown, _) => Work::Read(resource.value),
            (Action::Read(_), Work::Nothing, Some(_)) if hasty => Work::ReadFirst(resource.value),
            (Action::Show(_), Work::ReadFirst(read), Some(token)) => {
                ready(resource.show(token, self.bug), Work::Read(read))
            }
            (Action::Send(_), Work::Read(read), Some(token)) => Work::Sent(token, read),
            // It comes when it comes.
            (Action::Land(_), Work::Sent(token, read), _) => {
                ready(resource.write(token, read, self.bug), Work::Written)
            }
            _ => return false,
        };
        client.work = next;
        true
    }
}

fn ready(passed: bool, next: Work) -> Work {
    if passed { next } else { Work::Refused }
}
