-- What administrators did.

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
