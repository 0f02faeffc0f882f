-- What operators say: of services, and of instances.

-- bound: 1 row. pruned by: nothing.
create table said (
    sole boolean primary key default true check (sole),
    -- Counts the changes of both tables below, so that whoever follows them asks for one number.
    revision bigint not null default 1
);
insert into said default values;
comment on table said is 'bound: 1 row; pruned: never';

-- bound: a row for each service. pruned by: nothing.
create table resources (
    service text primary key check (length(service) between 1 and 40),
    -- What differs from the settings of each instance.
    allowance jsonb not null default '{}',
    version bigint not null default 1,
    updated_at timestamptz not null default now()
);
insert into resources (service) values ('control'), ('gateway'), ('news'), ('order'), ('user');
comment on table resources is 'bound: a row for each service; pruned: never';

-- bound: instances that an operator spoke of within 30 days. pruned by: the next change of any.
create table adjustments (
    instance text primary key check (length(instance) between 1 and 200),
    weight integer not null default 100 check (weight between 0 and 1000000),
    drained boolean not null default false,
    -- 1 is that of an instance of which nothing was said yet.
    version bigint not null default 2,
    updated_at timestamptz not null default now()
);
comment on table adjustments is 'bound: instances that an operator spoke of within 30 days; pruned: by the next change of any, where it says nothing any more';
