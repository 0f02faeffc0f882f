//! The statements that the services run for a group of orders, as they stand in `.sqlx`, and what is given to them.

/// A statement, and the variables of pgbench that its parameters are.
pub(super) struct Statement {
    sql: &'static str,
    given: &'static [&'static str],
}

/// Keys, stock, orders, lines, holds and sagas: `services/order/src/store/place.rs`.
pub(super) const HOLD: &[Statement] = &[
    Statement {
        sql: "insert into keys (account_id, route, key, hash, order_id, expires_at)
        select account_id, route, key, hash, order_id, now() + make_interval(secs => days * 86400)
        from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::uuid[], $6::float8[])
            as new (account_id, route, key, hash, order_id, days)
        on conflict do nothing
        returning account_id as account, route, key as text, created_at",
        given: &["customers", "routes", "keys", "hashes", "orders", "nulls"],
    },
    Statement {
        sql: "select product_id, free from stock where product_id = any($1) order by product_id for no key update",
        given: &["each"],
    },
    Statement {
        sql: "select id, name, price from products where id = any($1) and active",
        given: &["each"],
    },
    Statement {
        sql: "insert into orders (id, customer_id, status, reason, total, currency, address_id, cart_id, created_at,
            settled_as, settled_version, settled_at)
        select id, customer_id, status, reason, total, currency, address_id, cart_id, created_at,
            case when status <> 'pending' then status end,
            case when status <> 'pending' then 1 end,
            case when status <> 'pending' then created_at end
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::uuid[], $8::uuid[],
            $9::timestamptz[])
            as new (id, customer_id, status, reason, total, currency, address_id, cart_id, created_at)",
        given: &[
            "orders",
            "customers",
            "pending",
            "empty",
            "ones",
            "currencies",
            "nulls",
            "nulls",
            "created",
        ],
    },
    Statement {
        sql: "insert into order_lines (order_id, product_id, name, quantity, unit_price)
        select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bigint[])",
        given: &["orders", "products", "names", "ones", "ones"],
    },
    Statement {
        sql: "with held as (
            insert into holds (order_id, product_id, quantity)
            select * from unnest($2::uuid[], $3::uuid[], $4::int[])
        ), moved as (
            insert into movements (id, order_id, product_id, kind, quantity)
            select id, order_id, product_id, 'hold', -quantity
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) as unit (id, order_id, product_id, quantity)
        )
        update stock set free = free - ($6::bigint[])[array_position($5, product_id)]
        where product_id = any($5)",
        given: &["movements", "orders", "products", "ones", "each", "sums"],
    },
    Statement {
        sql: "insert into sagas (id, name, subject, owner, leased_until, settle_by)
        select id, name, subject, owner,
            clock_timestamp() + make_interval(secs => lease), clock_timestamp() + make_interval(secs => settle)
        from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::float8[], $6::float8[])
            as new (id, name, subject, owner, lease, settle)",
        given: &["orders", "sagas", "orders", "owners", "leases", "limits"],
    },
];

/// The money: `services/user/src/charge.rs`.
pub(super) const CHARGE: &[Statement] = &[
    Statement {
        sql: "insert into payments (order_id, account_id, amount, state)
         select *, 'charged' from unnest($1::uuid[], $2::uuid[], $3::bigint[])
         on conflict do nothing returning order_id",
        given: &["orders", "customers", "ones"],
    },
    Statement {
        sql: "select account_id, balance from wallets where account_id = any($1) order by account_id for no key update",
        given: &["customers"],
    },
    Statement {
        sql: "insert into transfers (id, kind, debit, credit, amount, order_id)
         select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[], $6::uuid[])",
        given: &["transfers", "charges", "customers", "shop", "ones", "orders"],
    },
    Statement {
        sql: "update wallets set balance = ($2::bigint[])[array_position($1::uuid[], account_id)]
         where account_id = any($1::uuid[])",
        given: &["customers", "balances"],
    },
];

/// The end of it: `services/order/src/store/settle.rs`.
pub(super) const CONFIRM: &[Statement] = &[
    Statement {
        sql: "select id, customer_id, status, reason from orders where id = any($1) order by id for no key update",
        given: &["orders"],
    },
    Statement {
        sql: r#"select id, epoch, direction, reason, ended_at is not null as "ended!"
        from sagas where id = any($1) order by id for no key update"#,
        given: &["orders"],
    },
    Statement {
        sql: "update orders set status = 'confirmed', version = version + 1,
            settled_as = 'confirmed', settled_version = version + 1, settled_at = now()
        where id = any($1) and status = 'pending'",
        given: &["orders"],
    },
    Statement {
        sql: "delete from holds where order_id = any($1)",
        given: &["orders"],
    },
    Statement {
        sql: "insert into outbox (id, order_id, account_id, kind)
        select id, order_id, account_id, $4
        from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as new (id, order_id, account_id)",
        given: &["notices", "orders", "customers", "kind"],
    },
    Statement {
        sql: "update sagas set ended_at = clock_timestamp()
        where id = any($1) and ended_at is null and epoch = ($2::bigint[])[array_position($1, id)]",
        given: &["orders", "ones"],
    },
];

/// A transaction of these statements, as pgbench reads it.
pub(super) fn transaction(statements: &[Statement]) -> String {
    let all: String = statements.iter().map(Statement::script).collect();
    format!("begin isolation level read committed read write;\n{all}commit;\n")
}

impl Statement {
    fn script(&self) -> String {
        let places = (1..).zip(self.given);
        let text = places.fold(self.sql.to_owned(), |text, (place, name)| {
            text.replace(&format!("${place}"), &format!(":{name}"))
        });
        text + ";\n"
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    #[test]
    fn every_statement_is_one_that_the_services_run() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.sqlx");
        let recorded = fs::read_dir(folder).unwrap().map(|file| {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let query: Value = serde_json::from_str(&text).unwrap();
            query["query"].as_str().unwrap().to_owned()
        });
        let recorded: Vec<String> = recorded.collect();

        for statement in [HOLD, CHARGE, CONFIRM].into_iter().flatten() {
            let sql = statement.sql;
            assert!(
                recorded.iter().any(|known| known == sql),
                "no service runs {sql}"
            );
        }
    }

    #[test]
    fn parameters_become_variables() {
        let script = transaction(&CONFIRM[5..]);

        assert!(script.contains("array_position(:orders, id)"), "{script}");
        assert!(
            script.contains("(:ones::bigint[])") && !script.contains('$'),
            "{script}"
        );
    }
}
