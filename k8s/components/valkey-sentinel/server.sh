#!/bin/sh
# Runs one of the three servers: as the replica of whom the Sentinels name, or as the first primary where they name nobody.
set -eu
. /scripts/primary.sh
me=$POD.$SERVICE

# One that is still the primary would come back empty before it was missed, and its replicas would forget all they had as well:
# it waits until another one leads, or nobody wants to.
primary=$(named)
waited=0
while [ "$primary" = "$me" ] && [ "$waited" -lt 15 ]; do
    sleep 1
    waited=$((waited + 1))
    primary=$(named)
done
[ -n "$primary" ] || primary=valkey-0.$SERVICE

password=$(cat "$PASSWORD_FILE")
set --
[ "$primary" = "$me" ] || set -- --replicaof "$primary" 6379
exec valkey-server --bind "$POD_IP" --port 6379 --dir /tmp --save '' --appendonly no \
    --maxmemory 128mb --maxmemory-policy allkeys-lru \
    --repl-diskless-sync yes --repl-diskless-sync-delay 0 --repl-diskless-load swapdb \
    --repl-ping-replica-period 1 --repl-timeout 5 --min-replicas-to-write 0 \
    --replica-announce-ip "$me" --requirepass "$password" --masterauth "$password" "$@"
