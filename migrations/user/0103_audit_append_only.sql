-- What administrators did is added to, and never changed or removed: not even the role that owns the table may.
-- Who owns it could give itself the right back; that is an act of its own, which no statement of a service does.

revoke update, delete, truncate on audit from current_user;
