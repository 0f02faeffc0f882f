-- What is asked for by the clock is found without reading a whole table: locks that are held for longer than was meant, and
-- faults that were over long ago.

create index lock_claims_limited on lock_claims (granted_at) where token is not null and max_hold_ms is not null;
create index faults_over on faults (resolved_at) where resolved_at is not null;
