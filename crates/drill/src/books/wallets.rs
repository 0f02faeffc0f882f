//! What is in customers' wallets, held against what they had and what they bought since.

use std::collections::HashMap;

use sqlx::query_as;
use uuid::Uuid;

use super::Books;
use crate::Stored;
use crate::buyer::MOST;

impl Books {
    /// Says whose wallet differs from what they `had`, less what they bought of `stored` since. Meanwhile nothing comes into it but
    /// what one top-up brings, as often as it runs low.
    ///
    /// # Errors
    /// When the database is not reachable.
    pub async fn wallets(
        &self,
        had: &[(Uuid, i64)],
        stored: &[Stored],
    ) -> sqlx::Result<Vec<String>> {
        let accounts: Vec<Uuid> = had.iter().map(|(account, _)| *account).collect();
        let have: Vec<(Uuid, i64)> =
            query_as("select account_id, balance from wallets where account_id = any($1)")
                .bind(accounts)
                .fetch_all(&self.user)
                .await?;
        Ok(differences(had, stored, &have.into_iter().collect()))
    }
}

fn differences(had: &[(Uuid, i64)], stored: &[Stored], have: &HashMap<Uuid, i64>) -> Vec<String> {
    let spent = |account: Uuid| {
        let theirs = stored.iter().filter(|order| order.customer == account);
        let bought = theirs.filter(|order| order.is_bought());
        bought.map(|order| order.total).sum::<i64>()
    };
    let wrong = had.iter().filter_map(|(account, had)| {
        let (spent, have) = (spent(*account), have.get(account));
        let given = have.map(|have| have - (had - spent));
        let is_right = given.is_some_and(|given| given >= 0 && given % MOST == 0);
        (!is_right).then(|| {
            format!("the wallet of {account} held {had}, {spent} were spent, and it holds {have:?}")
        })
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Uuid = Uuid::from_u128(1);
    const BOB: Uuid = Uuid::from_u128(2);

    fn order(customer: Uuid, status: &str, total: i64) -> Stored {
        Stored {
            id: Uuid::now_v7(),
            customer,
            key: None,
            status: status.to_owned(),
            total,
            products: Vec::new(),
            quantities: Vec::new(),
        }
    }

    #[test]
    fn a_wallet_holds_what_was_in_it_less_what_was_bought() {
        let stored = [
            order(ANN, "confirmed", 20),
            order(ANN, "rejected", 30),
            order(BOB, "shipped", 5),
        ];
        let had = [(ANN, 100), (BOB, 100)];

        let found = |ann, bob| differences(&had, &stored, &[(ANN, ann), (BOB, bob)].into());

        assert_eq!(found(80, 95), Vec::<String>::new());
        assert_eq!(found(80 + MOST, 95), Vec::<String>::new());
        assert_eq!(found(80 - MOST, 95).len(), 1);
        assert_eq!(found(180, 95).len(), 1);
        assert_eq!(found(80, 90).len(), 1);
        assert_eq!(differences(&had, &stored, &[(ANN, 80)].into()).len(), 1);
    }
}
