-- What customers mean to buy.

-- bound: 50 items each. pruned by: the order service, 30 days after the last change.
create table carts (
    id uuid primary key,
    customer_id uuid not null,
    status text not null default 'open' check (status in ('open', 'ordered')),
    -- The order that consumed it.
    order_id uuid,
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((order_id is not null) = (status = 'ordered'))
);
create index carts_untouched on carts (updated_at);
comment on table carts is 'bound: as many as customers make in 30 days; pruned: 30 days after the last change';

-- bound: 50 rows for each cart. pruned by: its cart.
create table cart_items (
    cart_id uuid not null references carts (id) on delete cascade,
    product_id uuid not null references products (id),
    quantity integer not null check (quantity between 1 and 1000),
    added_at timestamptz not null default now(),
    primary key (cart_id, product_id)
);
comment on table cart_items is 'bound: 50 rows for each cart; pruned: with its cart';
