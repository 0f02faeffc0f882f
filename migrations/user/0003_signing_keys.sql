-- The keys that access tokens are signed with.

-- A key is published from its first moment, signs from `active_from` until the next one does, and stays published until
-- the last token it signed has expired.
-- bound: three at a time. pruned by: the user service, when nothing it signed can still be valid.
create table signing_keys (
    kid text primary key check (length(kid) between 1 and 64),
    -- PKCS #8, sealed by the master key.
    sealed bytea not null,
    active_from timestamptz not null,
    created_at timestamptz not null default now()
);
comment on table signing_keys is 'bound: three at a time; pruned: when all that they signed has expired';
