-- The token that a session's last one was traded for, masked by the secret of that last one: who comes a moment later with
-- the same one, as two tabs of one browser do, is answered the same. Nobody else can read it, we neither.
alter table sessions add column successor bytea check (octet_length(successor) = 32);
