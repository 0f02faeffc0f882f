-- What went wrong in the house, and how it ended.

-- bound: a row for each fault. pruned by: the control service, 90 days after the fault is over.
create table faults (
    number bigint generated always as identity primary key,
    type text not null check (length(type) between 1 and 40),
    component text not null check (length(component) between 1 and 120),
    -- The life in which the component had it: a process's start, a timeline, an epoch. The second time in one life ends in #2.
    incarnation text not null check (length(incarnation) between 1 and 120),
    occurred_at timestamptz not null,
    detected_at timestamptz not null,
    cause bigint references faults (number) on delete set null,
    severity text not null check (severity in ('minor', 'major', 'critical')),
    -- What was done about it, sentence by sentence.
    handling text not null default '' check (length(handling) <= 2000),
    resolved_at timestamptz,
    resolution text check (resolution in ('restarted', 'resumed', 'replaced', 'false_alarm')),
    trace_id text not null default '' check (length(trace_id) <= 64),
    -- What people wrote to it: {at, actor_id, text}.
    notes jsonb not null default '[]' check (jsonb_array_length(notes) <= 100),
    version bigint not null default 1,
    updated_at timestamptz not null default now(),
    -- Whoever saw it writes this row and no other.
    unique (component, incarnation, type),
    check (occurred_at <= detected_at),
    check (occurred_at <= resolved_at),
    check ((resolved_at is null) = (resolution is null))
);
create index faults_open on faults (number) where resolved_at is null;
create index faults_updated on faults (updated_at);
create index faults_caused on faults (cause) where cause is not null;
comment on table faults is 'bound: a row for each fault; pruned: 90 days after it is over';
