-- What the shop has to tell.

-- bound: what administrators write, a few a day. pruned by: nothing; an article is unpublished, never removed.
create table articles (
    id uuid primary key,
    title text not null check (length(title) between 1 and 200),
    body text not null check (length(body) <= 20000),
    -- When it is public from; null for a draft.
    publish_at timestamptz,
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index articles_published on articles (publish_at, id) where publish_at is not null;
comment on table articles is 'bound: what administrators write; pruned: never, unpublished instead';
