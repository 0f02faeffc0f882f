-- Locks: who holds what, who waits for it, and the counter of the tokens.

-- The fencing tokens. It outlives every row, and only grows: whoever is told of a token is told after a commit that a standby
-- has, and the counter's own record stands before that commit in the log (docs/decisions/locks.md).
create sequence lock_tokens as bigint minvalue 1 no cycle cache 1;
-- The order of coming.
create sequence lock_places as bigint minvalue 1 no cycle cache 1;

-- bound: 10,000 claims, 1,000 of one name. pruned by: the control service, at release, expiry or the end of the wait.
create table lock_claims (
    name text collate "C" not null check (length(name) between 1 and 200),
    owner text collate "C" not null check (length(owner) between 1 and 200),
    -- The owner's name for its request.
    id uuid not null,
    -- The call that asked last for it: only that one may take it back.
    attempt uuid not null,
    -- The instance of control at which it waits.
    instance uuid not null,
    exclusive boolean not null,
    place bigint not null,
    ttl_ms bigint not null check (ttl_ms between 1000 and 3600000),
    max_hold_ms bigint check (max_hold_ms > 0),
    -- It waits no longer than this.
    waits_until timestamptz not null,
    -- All of these while it is held, none while it waits.
    token bigint unique,
    granted_at timestamptz,
    expires_at timestamptz,
    -- The timeline of the database on which the lease was begun or renewed.
    timeline int,
    primary key (name, owner),
    check (num_nulls(token, granted_at, expires_at, timeline) in (0, 4))
) with (
    fillfactor = 75, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_cost_delay = 0
);
create index lock_claims_of_owner on lock_claims (owner);
create index lock_claims_of_instance on lock_claims (instance) where token is null;
create index lock_claims_of_attempt on lock_claims (attempt);
create index lock_claims_expiring on lock_claims (expires_at) where token is not null;
create index lock_claims_waiting on lock_claims (waits_until) where token is null;
comment on table lock_claims is 'bound: 10,000, of one name 1,000; pruned: at release, expiry or the end of the wait';

-- bound: the releases of ten minutes. pruned by: the control service, ten minutes later.
create table lock_ends (
    -- A request for a lock that was released: when it comes again, late, it gets nothing.
    id uuid primary key,
    ended_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
create index lock_ends_by_time on lock_ends (ended_at);
comment on table lock_ends is 'bound: the releases of ten minutes; pruned: ten minutes later';

-- bound: the instances of control of one hour. pruned by: the control service, one hour after they were last heard of.
create table lock_instances (
    id uuid primary key,
    -- Who waits at an instance waits no longer than it is heard of.
    alive_until timestamptz not null
) with (fillfactor = 50);
comment on table lock_instances is 'bound: the instances of one hour; pruned: one hour after they were last heard of';

-- bound: one row for each promotion of a standby. pruned by: nothing.
create table lock_eras (
    -- Counts the promotions of the database, from 1.
    timeline int primary key,
    -- When it was first seen here: from then on every older lease lasts its whole ttl once more.
    began_at timestamptz not null default clock_timestamp()
);
comment on table lock_eras is 'bound: a row for each promotion; pruned: never';
