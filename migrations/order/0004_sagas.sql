-- The work that spans services: who has it, until when, and which way it goes.

-- bound: the orders placed or cancelled in 7 days. pruned by: the order service, 7 days after the end.
create table sagas (
    id uuid primary key,
    name text not null,
    -- What it works for: an order.
    subject uuid not null,
    owner text not null,
    -- Counts the claims: a write of an older epoch changes nothing.
    epoch bigint not null default 1,
    -- By this database's clock.
    leased_until timestamptz not null,
    direction text not null default 'forward' check (direction in ('forward', 'undo')),
    -- Why it is undone.
    reason text not null default '' check ((reason <> '') = (direction = 'undo')),
    -- From here on a step that may still be undone is no longer repeated forward.
    settle_by timestamptz not null,
    created_at timestamptz not null default now(),
    ended_at timestamptz
) with (fillfactor = 75);
create index sagas_due on sagas (leased_until) where ended_at is null;
-- An order is placed by the saga of its own id; it is cancelled once.
create unique index sagas_cancel_once on sagas (subject) where name = 'cancel-order';
comment on table sagas is 'bound: the orders of 7 days; pruned: 7 days after the end';
