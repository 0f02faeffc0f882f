-- What is for sale, how much of it is left, and why.

-- bound: as many as the shop sells. pruned by: nothing; a product is retired (`active = false`), never removed, since orders name it.
create table products (
    id uuid primary key,
    sku text not null constraint products_sku_taken unique check (sku ~ '^[A-Z0-9-]{1,40}$'),
    name text not null check (length(name) between 1 and 120),
    description text not null default '' check (length(description) <= 4000),
    category text not null check (length(category) between 1 and 40),
    price bigint not null check (price between 0 and 100000000),
    active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table products is 'bound: as many as the shop sells; pruned: never, retired instead';

-- Free units: those that no order has taken. What orders hold is in `holds`.
-- bound: one row for each product. pruned by: nothing.
create table stock (
    product_id uuid primary key references products (id),
    free bigint not null default 0 constraint stock_never_below_zero check (free >= 0)
) with (fillfactor = 50); -- Room beside the hot rows, so that their updates touch no index.
comment on table stock is 'bound: one row for each product; pruned: never';

-- Every change of free stock, so that `free` is the sum of them.
-- No foreign key to products or orders: the check would share-lock the hottest rows of the shop, which the same
-- transaction has found and locked in `stock` already.
-- bound: one row for each restock and one or two for each line of an order. pruned by: nothing; it is the proof of the stock.
create table movements (
    id uuid not null,
    product_id uuid not null,
    order_id uuid,
    kind text not null check (kind in ('restock', 'hold', 'release', 'return')),
    quantity bigint not null check (quantity <> 0),
    moved_at timestamptz not null default now(),
    primary key (product_id, id),
    constraint movements_once unique (order_id, product_id, kind),
    check ((order_id is null) = (kind = 'restock')),
    check ((quantity < 0) = (kind = 'hold'))
);
comment on table movements is 'bound: a row for each restock, one or two for each line of an order; pruned: never';

-- Units that an order has taken and not yet bought. They never expire by time: only their saga lets go of them.
-- bound: the lines of the orders that are pending. pruned by: confirm and release.
create table holds (
    order_id uuid not null,
    product_id uuid not null,
    quantity integer not null check (quantity between 1 and 1000),
    primary key (order_id, product_id)
);
create index holds_of_product on holds (product_id);
comment on table holds is 'bound: the lines of pending orders; pruned: by confirm and release';
