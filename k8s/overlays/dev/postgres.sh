#!/bin/sh
# Runs one of the two Postgres servers: number 0 is the primary, number 1 its synchronous standby. No commit is acknowledged
# without the standby, and nobody replaces a lost primary but its own restart.
set -eu
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
data=$PGDATA
password=$(cat "$PASSWORD_FILE")
umask 077

# Copies the running primary.
copy() {
    PGPASSWORD=$password pg_basebackup --pgdata="$data" --checkpoint=fast --wal-method=stream --no-password \
        --dbname="$PRIMARY user=postgres" --slot=standby "$@"
}

if [ "${POD##*-}" = 0 ]; then
    if [ ! -s "$data/PG_VERSION" ]; then
        # Made beside and moved when it is whole, so that nobody goes on with half of it.
        rm -rf "$data" "$data.new"
        initdb --pgdata="$data.new" --username=postgres --pwfile="$PASSWORD_FILE" \
            --auth-local=reject --auth-host=scram-sha-256 --encoding=UTF8 --locale=C --data-checksums
        printf 'host %s all all scram-sha-256\n' all replication >>"$data.new/pg_hba.conf"
        mv "$data.new" "$data"
    fi
    set -- -c synchronous_standby_names=standby
else
    if [ ! -e "$data/standby.signal" ]; then
        rm -rf "$data"
        # Until the primary lets it in. The slot keeps what the standby still needs while it is away.
        until copy --create-slot || copy; do sleep 1; done
        touch "$data/standby.signal"
    fi
    set -- -c primary_slot_name=standby \
        -c "primary_conninfo=$PRIMARY user=postgres password='$password' application_name=standby"
fi
exec postgres -D "$data" -c port="$PGPORT" -c 'listen_addresses=*' -c unix_socket_directories= \
    -c max_connections=250 -c shared_buffers=128MB -c wal_level=replica -c hot_standby=on -c hot_standby_feedback=on \
    -c wal_receiver_status_interval=1s -c wal_sender_timeout=10s -c wal_receiver_timeout=10s \
    -c max_slot_wal_keep_size=1GB -c jit=off -c timezone=UTC "$@"
