-- How many instances of each service are wanted, why, and the load that it was decided by.

-- bound: a row for each service. pruned by: nothing.
create table scaling (
    service text primary key references resources (service),
    -- The highest token that a scaler has shown: whoever comes with an earlier one writes nothing any more.
    fence bigint not null default 0,
    -- Counts the decisions.
    version bigint not null default 0,
    -- All of these from the first decision on.
    desired int check (desired between 1 and 100),
    why text check (why in ('load', 'forecast', 'cool_down', 'least', 'most')),
    -- How many the load needs that is there.
    floor int check (floor >= 1),
    decided_at timestamptz,
    -- From then on nobody has looked for a while, and the floor stands.
    valid_until timestamptz,
    -- How many the load needs that is to come.
    forecast int check (forecast >= 1),
    -- Requests a second.
    load double precision not null default 0,
    -- Requests a second that one instance can answer; null while nothing is known of it.
    per_instance double precision,
    -- The same, as it was learned from what instances refused.
    learned double precision,
    -- What is expected, step by step, or why nothing is.
    outlook jsonb,
    check (num_nulls(desired, why, floor, decided_at, valid_until) in (0, 5))
) with (fillfactor = 50);
insert into scaling (service) select service from resources;
comment on table scaling is 'bound: a row for each service; pruned: never';

-- bound: 29 days of five minutes, for each service. pruned by: the scaler, step by step.
create table scaling_load (
    service text not null references scaling (service),
    -- The number of the five minutes, counted since 1970.
    step bigint not null,
    -- The sum of what was seen in it, in requests a second, and how often it was looked.
    total double precision not null default 0,
    samples int not null default 0,
    -- The most that one instance used of it: processors, and bytes.
    cpu double precision not null default 0,
    memory bigint not null default 0,
    -- What was expected, as it was said five minutes before it began.
    foreseen double precision,
    primary key (service, step)
) with (fillfactor = 75);
comment on table scaling_load is 'bound: 29 days of five minutes, for each service; pruned: by the scaler, step by step';

-- bound: the last 10,000 decisions of each service. pruned by: the scaler, with each decision.
create table scaling_decisions (
    service text not null references scaling (service),
    version bigint not null,
    desired int not null,
    -- How many there were to be before; null with the first one.
    before int,
    why text not null,
    floor int not null,
    forecast int,
    load double precision not null,
    per_instance double precision,
    least int not null,
    most int not null,
    decided_at timestamptz not null,
    primary key (service, version)
);
-- A decision stands as it was written. The oldest are removed.
revoke update, truncate on scaling_decisions from current_user;
comment on table scaling_decisions is 'bound: the last 10,000 of each service; pruned: by the scaler, with each decision';
