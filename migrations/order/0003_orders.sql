-- Orders, and the keys that make a request count once.

-- One key, one order, for ever. `answer` is set where the key got another answer than an order: a refusal, or what another
-- route said.
-- bound: one row for each placed order, and 7 days of the other routes. pruned by: the order service, at `expires_at`.
create table keys (
    account_id uuid not null,
    route text not null check (length(route) between 1 and 100),
    key text not null check (length(key) between 1 and 255),
    hash bytea not null check (octet_length(hash) = 32),
    order_id uuid,
    answer jsonb,
    created_at timestamptz not null default now(),
    -- Null: never, as for orders.
    expires_at timestamptz,
    primary key (account_id, route, key)
);
create index keys_expiring on keys (expires_at) where expires_at is not null;
comment on table keys is 'bound: one row for each placed order, 7 days of other routes; pruned: at expires_at, those of orders never';

-- bound: one row for each placed order. pruned by: nothing.
create table orders (
    id uuid primary key,
    customer_id uuid not null,
    status text not null check (
        status in ('pending', 'confirmed', 'rejected', 'cancelling', 'cancelled', 'shipped', 'delivered')
    ),
    reason text not null default '' check (
        reason in ('', 'insufficient_stock', 'payment_declined', 'payment_unavailable')
    ),
    total bigint not null check (total >= 0),
    currency text not null check (length(currency) = 3),
    address_id uuid,
    cart_id uuid,
    -- Counts the changes, from 1.
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    -- How it settled, kept apart from where it stands now: the answer to its key, for ever.
    settled_as text check (settled_as in ('confirmed', 'rejected')),
    settled_version bigint,
    -- When it reached each state; with `created_at` this is its history.
    settled_at timestamptz,
    cancelling_at timestamptz,
    cancelled_at timestamptz,
    shipped_at timestamptz,
    delivered_at timestamptz,
    check ((status = 'pending') = (settled_as is null)),
    check ((settled_as is null) = (settled_version is null) and (settled_as is null) = (settled_at is null)),
    check ((status = 'rejected') = (reason <> '') and (status = 'rejected') = coalesce(settled_as = 'rejected', false))
) with (fillfactor = 75); -- An order changes once soon after it was written: room for that on its page.
create index orders_of_customer on orders (customer_id, id);
comment on table orders is 'bound: one row for each placed order; pruned: never';

-- Products at the names and prices of the moment of ordering.
-- bound: 50 rows for each order. pruned by: nothing.
create table order_lines (
    order_id uuid not null,
    product_id uuid not null,
    name text not null,
    quantity integer not null check (quantity between 1 and 1000),
    unit_price bigint not null check (unit_price >= 0),
    primary key (order_id, product_id)
);
comment on table order_lines is 'bound: 50 rows for each order; pruned: never';
