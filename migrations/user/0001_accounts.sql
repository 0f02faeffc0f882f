-- Accounts: who may sign in, and what is known of them.

-- Personal columns (email, name) are sealed under the row's own `data_key`, which is sealed by the master key; an email is
-- found, and kept unique, by its keyed hash. A closed account keeps its row, so that its registration number is never given
-- twice; its personal columns are blank.
-- bound: as many as there are customers. pruned by: nothing; a closed account is blanked.
create table accounts (
    id uuid primary key,
    -- Nine digits and a check digit.
    registration_number text not null constraint accounts_number_taken unique
        check (registration_number ~ '^[0-9]{10}$'),
    role text not null default 'customer' check (role in ('customer', 'support', 'admin')),
    disabled boolean not null default false,
    -- Counts the changes that a person sees, from 1.
    version bigint not null default 1,
    -- Access tokens with a lower epoch are void.
    session_epoch bigint not null default 1,
    data_key bytea,
    email bytea,
    email_hash bytea constraint accounts_email_taken unique check (octet_length(email_hash) = 32),
    name bytea,
    -- Argon2id, as a PHC string.
    password text check (password like '$argon2id$%'),
    closed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint accounts_open_or_blank check (
        num_nonnulls(data_key, email, email_hash, name, password) = case when closed_at is null then 5 else 0 end
    )
);
create index accounts_of_staff on accounts (role, id) where role <> 'customer';
comment on table accounts is 'bound: one for each customer; pruned: never, blanked when closed';

-- Sealed together, since they are only ever read together.
-- bound: 20 for each account. pruned by: their account, when it is closed.
create table addresses (
    id uuid primary key,
    account_id uuid not null references accounts (id),
    sealed bytea not null check (octet_length(sealed) <= 8192),
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index addresses_of_account on addresses (account_id, id);
comment on table addresses is 'bound: 20 for each account; pruned: when the account is closed';
