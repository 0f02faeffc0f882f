-- What others must hear of, and what administrators did.

-- bound: what was not yet delivered, and one day. pruned by: the order service, 1 day after delivery.
create table outbox (
    id uuid primary key,
    account_id uuid not null,
    kind text not null,
    order_id uuid not null,
    created_at timestamptz not null default now(),
    -- A relay has it until then; no lock is held while it is sent.
    claimed_until timestamptz not null default '-infinity',
    delivered_at timestamptz
);
create index outbox_undelivered on outbox (id) where delivered_at is null;
create index outbox_delivered on outbox (delivered_at) where delivered_at is not null;
comment on table outbox is 'bound: the undelivered and one day; pruned: 1 day after delivery';

-- bound: one row for each act of an administrator. pruned by: nothing.
create table audit (
    id uuid primary key,
    actor_id uuid not null,
    action text not null check (length(action) between 1 and 60),
    -- A TypeID.
    subject text not null,
    before jsonb,
    after jsonb,
    acted_at timestamptz not null default now()
);
create index audit_of_subject on audit (subject, id);
create index audit_of_actor on audit (actor_id, id);
comment on table audit is 'bound: a row for each act of an administrator; pruned: never';
