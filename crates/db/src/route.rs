//! Who may answer a read: the caller's token beside the place of whoever is asked.

use api::token::{Given, Position};

use crate::Why;
use crate::address::Connection;

/// Where a server stands. Asked in a statement before the read, so the read sees all up to there.
///
/// On a standby the timeline is the greatest that it has received, must recover to, or has checkpointed: each of the
/// three lags behind the others in some moment after a promotion. `pg_stat_wal_receiver` wants `pg_read_all_stats`.
const LOOK: &str = "
    select standby,
        (case when standby then coalesce(pg_last_wal_replay_lsn(), '0/0')
              else pg_current_wal_flush_lsn() end - '0/0')::bigint,
        case when standby then greatest(
                (select received_tli from pg_stat_wal_receiver),
                (select min_recovery_end_timeline from pg_control_recovery()),
                (select timeline_id from pg_control_checkpoint()))
             else ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int end
    from (select pg_is_in_recovery() as standby) as role";

/// Where a server stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whether it takes itself for the primary.
    pub primary: bool,
    /// Its cluster's system identifier.
    pub cluster: u64,
    /// How far a read there sees.
    pub position: Position,
}

/// Asks the server behind `connection` where it stands.
pub(crate) async fn look(connection: &mut Connection<'_>) -> Result<Place, Why> {
    let asked = sqlx::query_as(LOOK).fetch_one(&mut connection.tx.connection);
    let (standby, lsn, timeline): (bool, i64, i32) = asked.await?;
    Ok(Place {
        primary: !standby,
        cluster: connection.cluster,
        position: Position {
            timeline: timeline.cast_unsigned(),
            lsn: lsn.cast_unsigned(),
        },
    })
}

/// Whether whoever stands at `place` may answer a caller that came with `given`.
pub fn serves(given: Given, place: Place) -> bool {
    let token = match given {
        Given::Nothing => return true,
        Given::Malformed => return place.primary,
        Given::Token(token) if token.cluster != place.cluster => return place.primary,
        Given::Token(token) => token,
    };
    if place.primary {
        // On a later timeline at any position: what was acknowledged came along through the promotion.
        return place.position >= token.position;
    }
    !token.primary_only
        && place.position.timeline >= token.position.timeline
        && place.position.lsn >= token.position.lsn
}

#[cfg(test)]
mod tests {
    use api::token::Token;
    use proptest::prelude::*;

    use super::*;

    const HERE: u64 = 7;

    fn at(timeline: u32, lsn: u64) -> Position {
        Position { timeline, lsn }
    }

    fn primary(position: Position) -> Place {
        Place {
            primary: true,
            cluster: HERE,
            position,
        }
    }

    fn standby(position: Position) -> Place {
        Place {
            primary: false,
            ..primary(position)
        }
    }

    #[test]
    fn every_row_of_the_table_holds() {
        let token = Given::Token(Token::at(HERE, at(2, 100)));
        for (place, serves_it) in [
            (standby(at(2, 100)), true),
            (standby(at(2, 99)), false),
            (standby(at(3, 100)), true),
            (standby(at(3, 99)), false),  // Not replayed so far yet.
            (standby(at(1, 100)), false), // Perhaps on a branch that was given up.
            (primary(at(2, 100)), true),
            (primary(at(2, 99)), false),
            (primary(at(3, 1)), true),
            (primary(at(1, 900)), false), // An old primary that has not noticed yet.
        ] {
            assert_eq!(serves(token, place), serves_it, "{place:?}");
        }
    }

    #[test]
    fn only_a_primary_serves_what_cannot_be_compared() {
        let elsewhere = Given::Token(Token::at(HERE + 1, at(1, 1)));
        let unread = Given::Token(Token::primary_only(HERE));
        for given in [elsewhere, unread, Given::Malformed] {
            assert!(serves(given, primary(at(1, 1))), "{given:?}");
            assert!(!serves(given, standby(at(9, 900))), "{given:?}");
        }
    }

    prop_compose! {
        fn places()(primary: bool, cluster in HERE..=HERE + 1, timeline in 1_u32..4, lsn in 0_u64..6) -> Place {
            Place { primary, cluster, position: at(timeline, lsn) }
        }
    }

    prop_compose! {
        fn tokens()(cluster in HERE..=HERE + 1, timeline in 1_u32..4, lsn in 0_u64..6, primary_only: bool) -> Token {
            Token { cluster, position: at(timeline, lsn), primary_only }
        }
    }

    proptest! {
        /// Lesser in both: a timeline begins behind all that was acknowledged on the one before, so a later token never
        /// has the lesser offset.
        #[test]
        fn whoever_serves_a_token_serves_every_lesser_one(place in places(), a in tokens(), b in tokens()) {
            let greater = a.max(b);
            let below = |token: Token| token.position.lsn <= greater.position.lsn;
            if a.cluster == b.cluster && below(a) && below(b) && serves(Given::Token(greater), place) {
                prop_assert!(serves(Given::Token(a), place) && serves(Given::Token(b), place));
            }
        }

        #[test]
        fn who_went_further_on_its_timeline_serves_no_less(place in places(), token in tokens(), more in 0_u64..9) {
            let mut further = place;
            further.position.lsn += more;
            prop_assert!(!serves(Given::Token(token), place) || serves(Given::Token(token), further));
        }

        #[test]
        fn a_standby_short_of_the_position_never_serves(place in places(), token in tokens()) {
            prop_assume!(!place.primary && place.cluster == token.cluster);
            prop_assert!(place.position.lsn >= token.position.lsn || !serves(Given::Token(token), place));
        }

        #[test]
        fn no_token_is_served_by_anybody(place in places()) {
            prop_assert!(serves(Given::Nothing, place));
        }
    }
}
