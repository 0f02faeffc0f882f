-- Finding products: by their words, and in the orders that lists are sorted in. A page follows the page before by keyset,
-- so each order has an index of its own.

-- What a person may search by. The name counts more than the category, and that more than the description.
alter table products add column search tsvector not null generated always as (
    setweight(to_tsvector('english', name || ' ' || sku), 'A')
    || setweight(to_tsvector('english', category), 'B')
    || setweight(to_tsvector('english', description), 'C')
) stored;

create index products_search on products using gin (search);
create index products_by_name on products (lower(name), id);
create index products_by_price on products (price, id);
-- Newest of a category, and how many each has. Newest of all is the primary key: ids sort by time.
create index products_in_category on products (category, active, id);
