//! What an order is and what may happen to it. No I/O, no clock, no chance.

use time::OffsetDateTime;
use uuid::Uuid;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Its stock is held, its money is being taken.
    Pending,
    /// Bought and paid.
    Confirmed,
    /// Not bought, for this reason.
    Rejected(Reason),
    /// Being cancelled: stock and money on their way back.
    Cancelling,
    /// Cancelled, with stock and money back.
    Cancelled,
    /// On its way to the customer.
    Shipped,
    /// With the customer.
    Delivered,
}

/// Why an order was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Fewer were left than were asked for.
    InsufficientStock,
    /// The wallet decided against it.
    PaymentDeclined,
    /// The wallet could not be reached in time.
    PaymentUnavailable,
}

impl Status {
    /// The word for it, everywhere.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Rejected(_) => "rejected",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
        }
    }

    /// The word for the reason of a rejection; else empty.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Rejected(reason) => reason.word(),
            _ => "",
        }
    }

    /// Reads a status from its words.
    pub fn read(status: &str, reason: &str) -> Option<Self> {
        Some(match status {
            "pending" => Self::Pending,
            "confirmed" => Self::Confirmed,
            "rejected" => Self::Rejected(Reason::read(reason)?),
            "cancelling" => Self::Cancelling,
            "cancelled" => Self::Cancelled,
            "shipped" => Self::Shipped,
            "delivered" => Self::Delivered,
            _ => return None,
        })
    }

    /// Whether nothing more can happen to the order.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Cancelled | Self::Delivered)
    }

    /// Whether it was bought and is not being given back.
    pub const fn is_bought(self) -> bool {
        matches!(self, Self::Confirmed | Self::Shipped | Self::Delivered)
    }
}

impl Reason {
    /// The word for it, everywhere.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InsufficientStock => "insufficient_stock",
            Self::PaymentDeclined => "payment_declined",
            Self::PaymentUnavailable => "payment_unavailable",
        }
    }

    fn read(word: &str) -> Option<Self> {
        let all = [
            Self::InsufficientStock,
            Self::PaymentDeclined,
            Self::PaymentUnavailable,
        ];
        all.into_iter().find(|reason| reason.word() == word)
    }
}

/// A product of an order, as it was called and priced when it was ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which product.
    pub product: Uuid,
    /// What it was called.
    pub name: String,
    /// How many units.
    pub quantity: i32,
    /// What one cost, in minor units.
    pub unit_price: i64,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub customer: Uuid,
    /// Where it stands.
    pub status: Status,
    /// Counts its changes, from 1.
    pub version: i64,
    /// What was ordered, by product.
    pub lines: Vec<Line>,
    /// What it cost, in minor units.
    pub total: i64,
    /// The currency of its amounts.
    pub currency: String,
    /// Where it goes to.
    pub address: Option<Uuid>,
    /// The cart it was placed from.
    pub cart: Option<Uuid>,
    /// When it was placed.
    pub created_at: OffsetDateTime,
    /// How it settled: for ever the answer to its key.
    pub settled: Option<Settled>,
    /// What happened to it after that.
    pub moves: Moves,
}

/// How an order settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Confirmed or rejected.
    pub status: Status,
    /// The version that settled it.
    pub version: i64,
    /// When.
    pub at: OffsetDateTime,
}

/// When a settled order moved on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// When its cancelling began.
    pub cancelling: Option<OffsetDateTime>,
    /// When it was cancelled.
    pub cancelled: Option<OffsetDateTime>,
    /// When it was shipped.
    pub shipped: Option<OffsetDateTime>,
    /// When it was delivered.
    pub delivered: Option<OffsetDateTime>,
}

/// The order as it was from a version on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The order as it was.
    pub order: Order,
    /// From when on.
    pub at: OffsetDateTime,
}

impl Order {
    /// Whether its key has no settled answer yet.
    pub fn is_pending(&self) -> bool {
        self.status == Status::Pending
    }

    /// The answer to its key: as it settled, whatever happened since.
    #[must_use]
    pub fn answer(self) -> Self {
        match self.settled {
            Some(settled) => self.at_version(settled.version, settled.status),
            None => self,
        }
    }

    /// The same order, moved on to `status`.
    #[must_use]
    pub fn moved(self, status: Status) -> Self {
        let version = self.version + 1;
        self.at_version(version, status)
    }

    /// Everything that happened to it, in order.
    pub fn history(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let placed = (1, Status::Pending, Some(self.created_at));
        let settled = self.settled.map(|it| (it.version, it.status, Some(it.at)));
        if settled.is_none_or(|it| it.0 > 1) {
            events.push(placed);
        }
        events.extend(settled);
        let Moves {
            cancelling,
            cancelled,
            shipped,
            delivered,
        } = self.moves;
        // An order is cancelled or shipped, never both: the versions count on from the one that settled it.
        events.extend([
            (3, Status::Cancelling, cancelling),
            (4, Status::Cancelled, cancelled),
            (3, Status::Shipped, shipped),
            (4, Status::Delivered, delivered),
        ]);
        let event = |(version, status, at): (i64, Status, Option<OffsetDateTime>)| {
            let order = self.clone().at_version(version, status);
            at.map(|at| Event { order, at })
        };
        events.into_iter().filter_map(event).collect()
    }

    fn at_version(self, version: i64, status: Status) -> Self {
        Self {
            status,
            version,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    fn order(status: Status, version: i64, settled: Option<(Status, i64)>) -> Order {
        let placed = OffsetDateTime::UNIX_EPOCH;
        Order {
            id: Uuid::nil(),
            customer: Uuid::nil(),
            status,
            version,
            lines: Vec::new(),
            total: 0,
            currency: "USD".into(),
            address: None,
            cart: None,
            created_at: placed,
            settled: settled.map(|(status, version)| Settled {
                status,
                version,
                at: placed + Duration::SECOND,
            }),
            moves: Moves::default(),
        }
    }

    fn story(order: &Order) -> Vec<(i64, &'static str)> {
        let events = order.history();
        let told = events
            .iter()
            .map(|event| (event.order.version, event.order.status.word()));
        told.collect()
    }

    #[test]
    fn a_status_reads_back_as_it_was_written() {
        let all = [
            Status::Pending,
            Status::Confirmed,
            Status::Rejected(Reason::PaymentDeclined),
            Status::Cancelling,
            Status::Cancelled,
            Status::Shipped,
            Status::Delivered,
        ];

        for status in all {
            assert_eq!(Status::read(status.word(), status.reason()), Some(status));
        }
    }

    #[test]
    fn a_key_is_answered_as_the_order_settled_whatever_happened_since() {
        let shipped = order(Status::Shipped, 3, Some((Status::Confirmed, 2)));

        let answer = shipped.answer();

        assert_eq!((answer.status, answer.version), (Status::Confirmed, 2));
    }

    #[test]
    fn a_shipped_order_tells_its_whole_story() {
        let mut shipped = order(Status::Shipped, 3, Some((Status::Confirmed, 2)));
        shipped.moves.shipped = Some(shipped.created_at + Duration::MINUTE);

        let told = story(&shipped);

        assert_eq!(told, [(1, "pending"), (2, "confirmed"), (3, "shipped")]);
    }

    #[test]
    fn an_order_for_which_nothing_was_left_was_never_pending() {
        let status = Status::Rejected(Reason::InsufficientStock);

        let told = story(&order(status, 1, Some((status, 1))));

        assert_eq!(told, [(1, "rejected")]);
    }
}
