#!/bin/sh
# Hands the passwords, which are files, to Patroni, which takes them from its environment only; and to whoever looks after this
# node by hand: `docker compose exec pg-1 entrypoint.sh patronictl list`, or `psql`.
set -eu

secret() { cat "/run/secrets/$1"; }
PATRONI_SUPERUSER_PASSWORD=$(secret superuser-password)
PATRONI_REWIND_PASSWORD=$PATRONI_SUPERUSER_PASSWORD
PATRONI_REPLICATION_PASSWORD=$(secret replicator-password)
PATRONI_RESTAPI_PASSWORD=$(secret patroni-password)
export PATRONI_SUPERUSER_PASSWORD PATRONI_REWIND_PASSWORD PATRONI_REPLICATION_PASSWORD PATRONI_RESTAPI_PASSWORD

if [ "$1" != patroni ]; then
    export PATRONICTL_CONFIG_FILE=/etc/patroni/patroni.yml
    export PGHOST=localhost PGUSER=postgres PGPASSWORD="$PATRONI_SUPERUSER_PASSWORD" PGSSLMODE=verify-full PGSSLROOTCERT=/run/secrets/ca.pem
fi
exec "$@"
