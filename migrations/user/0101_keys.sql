-- What was answered to a request that was sent with an Idempotency-Key, for as long as it may be sent again.

-- bound: the keyed requests of 7 days. pruned by: the user service, 7 days after they were made.
create table keys (
    account uuid not null,
    -- Method and route template: `POST /v1/me/wallet/topups`.
    route text not null check (length(route) between 1 and 100),
    key text not null check (length(key) between 1 and 255),
    hash bytea not null check (octet_length(hash) = 32),
    -- Null only inside the transaction that answers.
    answer jsonb,
    created_at timestamptz not null default now(),
    primary key (account, route, key)
);
-- Rows come in the order of their age, so a few pages of this tell what to prune.
create index keys_by_age on keys using brin (created_at);
comment on table keys is 'bound: the keyed requests of 7 days; pruned: 7 days after they were made';
