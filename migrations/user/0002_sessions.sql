-- Sessions, what ends them early, and what slows down guessing.

-- A session is continued by trading its refresh token for the next one. Only hashes of tokens are kept: the one that is
-- good, and the last that were traded, by which a stolen one is known.
-- bound: 50 for each account. pruned by: the user service, at `expires_at`.
create table sessions (
    id uuid primary key,
    account_id uuid not null references accounts (id),
    token_hash bytea not null check (octet_length(token_hash) = 32),
    traded bytea[] not null default '{}' check (cardinality(traded) <= 100),
    created_at timestamptz not null default now(),
    renewed_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index sessions_of_account on sessions (account_id, renewed_at);
create index sessions_expiring on sessions (expires_at);
comment on table sessions is 'bound: 50 for each account; pruned: at expires_at';

-- The accounts whose session epoch rose within the life of an access token. Gateways follow it by transaction id, which,
-- unlike a time, cannot be passed by a transaction that commits late.
-- bound: the accounts that were revoked within an hour. pruned by: the user service, after an hour.
create table revocations (
    account_id uuid primary key references accounts (id),
    session_epoch bigint not null,
    raised_in xid8 not null default pg_current_xact_id(),
    raised_at timestamptz not null default now()
);
create index revocations_by_time on revocations (raised_at);
comment on table revocations is 'bound: the accounts revoked within an hour; pruned: after an hour';

-- Wrong passwords in a row, of an account or of a name that no account has: an answer must not tell them apart.
-- bound: as many guesses as a day's checks of passwords allow. pruned by: the user service, a day after the last guess.
create table lockouts (
    -- A keyed hash: of the account's id, or of what was typed where there is no account.
    identity bytea primary key check (octet_length(identity) = 32),
    failures integer not null default 1,
    locked_until timestamptz not null default now(),
    failed_at timestamptz not null default now()
);
create index lockouts_by_time on lockouts (failed_at);
comment on table lockouts is 'bound: the guesses of a day; pruned: a day after the last one';
