-- What other services told an account, such as that its order was shipped.

-- bound: the events of 90 days. pruned by: the user service, 90 days after they came.
create table notifications (
    -- The sender's id of the event: the same event told twice is one row.
    id uuid primary key,
    account_id uuid not null,
    kind text not null check (length(kind) between 1 and 60),
    -- A TypeID.
    subject text not null check (length(subject) between 1 and 90),
    created_at timestamptz not null default now(),
    read_at timestamptz
);
create index notifications_of_account on notifications (account_id, created_at, id);
create index notifications_by_age on notifications using brin (created_at);
comment on table notifications is 'bound: the events of 90 days; pruned: 90 days after they came';
