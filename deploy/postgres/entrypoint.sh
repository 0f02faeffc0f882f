#!/bin/sh
# Hands the passwords, which are files, to Patroni, which takes them from its environment only.
set -eu

secret() { cat "/run/secrets/$1"; }
PATRONI_SUPERUSER_PASSWORD=$(secret superuser-password)
PATRONI_REWIND_PASSWORD=$PATRONI_SUPERUSER_PASSWORD
PATRONI_REPLICATION_PASSWORD=$(secret replicator-password)
PATRONI_RESTAPI_PASSWORD=$(secret patroni-password)
export PATRONI_SUPERUSER_PASSWORD PATRONI_REWIND_PASSWORD PATRONI_REPLICATION_PASSWORD PATRONI_RESTAPI_PASSWORD

exec "$@"
