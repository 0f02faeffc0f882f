-- Money: what each customer has, what was paid for each order, and every transfer that made it so.

-- bound: one row for each account that ever had money. pruned by: nothing.
create table wallets (
    -- No foreign key: a wallet is opened under a lock of its account, and outlives the account's name.
    account_id uuid primary key,
    balance bigint not null default 0 constraint wallets_never_below_zero check (balance >= 0)
) with (fillfactor = 50);
comment on table wallets is 'bound: one row for each account; pruned: never';

-- The judge of each order: whoever comes second, charge or refund, finds the row of the first and obeys it.
-- bound: one row for each order, `void` ones too. pruned by: nothing.
create table payments (
    order_id uuid primary key,
    -- Whose money, and how much of it, was asked for; unknown where a refund came before any charge.
    account_id uuid,
    amount bigint check (amount >= 0),
    -- How much of it was given back.
    refunded bigint not null default 0 check (refunded >= 0),
    state text not null check (state in ('charged', 'refunded', 'void')),
    -- Why it is void.
    reason text not null default '' check (reason in ('', 'insufficient_funds', 'no_such_account', 'voided')),
    created_at timestamptz not null default now(),
    check ((account_id is null) = (amount is null)),
    check (state = 'void' or amount is not null),
    check ((state = 'void') = (reason <> '')),
    check (state <> 'void' or refunded = 0),
    check (state <> 'refunded' or refunded = amount),
    constraint payments_never_over_refunded check (refunded <= amount)
) with (fillfactor = 90);
comment on table payments is 'bound: one row for each order; pruned: never';

-- bound: one row for each rejected, cancelled or partly refunded order. pruned by: nothing.
create table refunds (
    -- An order's compensation and its cancel carry the order's own id.
    id uuid not null,
    kind text not null check (kind in ('compensation', 'cancel', 'partial')),
    order_id uuid not null references payments (order_id),
    amount bigint not null check (amount >= 0),
    created_at timestamptz not null default now(),
    primary key (id, kind),
    check (kind = 'partial' or id = order_id),
    check (kind <> 'partial' or amount > 0)
);
comment on table refunds is 'bound: one row for each refund; pruned: never';

-- One row is both sides of a transfer, so the ledger sums to zero by its shape. The shop is the account of zeros and the
-- world outside the account of ones; neither has a row of its own, their balances are sums over this table.
-- bound: two rows and the refunds for each order, one for each top-up. pruned by: nothing.
create table transfers (
    id uuid primary key,
    kind text not null check (kind in ('topup', 'charge', 'refund')),
    debit uuid not null,
    credit uuid not null,
    amount bigint not null check (amount > 0),
    order_id uuid,
    created_at timestamptz not null default now(),
    check ((kind = 'topup') = (order_id is null)),
    check ((kind = 'topup') = (debit = 'ffffffff-ffff-ffff-ffff-ffffffffffff')),
    check ((kind = 'refund') = (debit = '00000000-0000-0000-0000-000000000000')),
    check ((kind = 'charge') = (credit = '00000000-0000-0000-0000-000000000000')),
    check (credit <> 'ffffffff-ffff-ffff-ffff-ffffffffffff')
);
-- Two indexes that share the rows between them: a customer pays by charges and gains by all else.
create index transfers_paid on transfers (debit, id) where kind = 'charge';
create index transfers_gained on transfers (credit, id) where kind <> 'charge';
create unique index transfers_charge_once on transfers (order_id) where kind = 'charge';
comment on table transfers is 'bound: the charge, the refunds and the top-ups; pruned: never';
