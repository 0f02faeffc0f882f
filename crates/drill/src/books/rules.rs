//! What must hold within one database, each as a query that finds what breaks it.

/// Something that must hold.
pub(super) struct Rule {
    /// What is wrong where it does not.
    pub(super) wrong: &'static str,
    /// Finds it: a text for each place.
    pub(super) finds: &'static str,
}

/// In the order database: shelves, and what orders took from them.
pub(super) const STOCK: &[Rule] = &[
    Rule {
        wrong: "stock that is not the sum of its movements",
        finds: "select product_id || ': ' || free || ' free, ' || coalesce(moved, 0) || ' moved' from stock
            left join (select product_id, sum(quantity)::bigint as moved from movements group by 1) as m using (product_id)
            where free <> coalesce(moved, 0)",
    },
    Rule {
        wrong: "an order that holds what it did not buy, or bought what it does not hold",
        finds: "select o.id || ', ' || o.status || ': ' || l.quantity || ' wanted, ' || coalesce(m.moved, 0) || ' moved'
            from orders o
            join order_lines l on l.order_id = o.id
            left join (select order_id, product_id, sum(quantity)::bigint as moved from movements
                       where order_id is not null group by 1, 2) as m
                on m.order_id = o.id and m.product_id = l.product_id
            where coalesce(m.moved, 0) <>
                case when o.status in ('confirmed', 'shipped', 'delivered') then -l.quantity else 0 end",
    },
    Rule {
        wrong: "units moved for what is in no order",
        finds: "select m.order_id || ': ' || m.quantity || ' of ' || m.product_id from movements m
            where m.order_id is not null and not exists
                (select from order_lines l where l.order_id = m.order_id and l.product_id = m.product_id)",
    },
    Rule {
        wrong: "units held for nobody",
        finds: "select order_id || ': ' || quantity || ' of ' || product_id from holds",
    },
    Rule {
        wrong: "an order that costs something else than its lines",
        finds: "select o.id || ': ' || o.total || ', and its lines ' || coalesce(sum(l.quantity * l.unit_price), 0)
            from orders o left join order_lines l on l.order_id = o.id
            group by o.id having o.total <> coalesce(sum(l.quantity * l.unit_price), 0)",
    },
];

/// In the order database: what was sold and was not there.
pub(super) const OVERSOLD: &[Rule] = &[Rule {
    wrong: "stock below zero",
    finds: "select product_id || ': ' || free from stock where free < 0",
}];

/// In the order database: orders and the keys that they were placed with.
pub(super) const KEYS: &[Rule] = &[Rule {
        wrong: "an order that several keys stand for, or none",
        finds: "select o.id || ': ' || count(k.key) from orders o
            left join keys k on k.order_id = o.id and k.account_id = o.customer_id and k.route = 'POST /v1/orders'
            group by o.id having count(k.key) <> 1",
    }];

/// In the user database.
pub(super) const MONEY: &[Rule] = &[
    Rule {
        wrong: "a balance that is not the sum of its transfers",
        finds: "select account_id || ': ' || balance from wallets
            where balance <> coalesce((select sum(amount) from transfers where credit = account_id), 0)
                - coalesce((select sum(amount) from transfers where debit = account_id), 0)",
    },
    Rule {
        wrong: "a wallet below zero",
        finds: "select account_id || ': ' || balance from wallets where balance < 0",
    },
    Rule {
        wrong: "money that went to nobody's wallet or came from none",
        finds: "select t.id || ': ' || t.amount from transfers t
            where not exists (select from wallets w where w.account_id in (t.debit, t.credit))",
    },
    Rule {
        wrong: "an order that was paid twice",
        finds: "select order_id || ': ' || count(*) from transfers where kind = 'charge' group by order_id having count(*) > 1",
    },
    Rule {
        wrong: "a payment that differs from its transfers",
        finds: "select p.order_id || ': ' || p.state from payments p
            where case when p.state = 'void' then 0 else p.amount - p.refunded end <>
                coalesce((select sum(case kind when 'charge' then amount else -amount end)
                          from transfers t where t.order_id = p.order_id), 0)",
    },
];
