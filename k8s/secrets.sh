#!/bin/sh
# Makes the secrets of an overlay, at random, where they are not there yet: k8s/secrets.sh dev. They lie in
# overlays/dev/secrets, which git does not know; keep those of a shop that matters elsewhere too, above all user/master-key.
set -eu
umask 077

overlay=${1-}
case $overlay in
dev)
    primary=postgres-0.postgres:5432 replica=postgres-1.postgres:5432 tls='?sslmode=disable'
    cache='redis://:%s@valkey:6379'
    ;;
ha)
    primary=postgres-rw:5432 replica=postgres-ro:5432
    tls='?sslmode=verify-full&sslrootcert=/run/secrets/postgres/ca.crt'
    cache='redis+sentinel://:%s@valkey-0.valkey:26379,valkey-1.valkey:26379,valkey-2.valkey:26379/holdfast'
    ;;
*)
    echo "k8s/secrets.sh dev, or k8s/secrets.sh ha" >&2
    exit 64
    ;;
esac
cd "$(dirname "$0")/overlays/$overlay"
mkdir -p secrets && cd secrets

# Writes standard input to a file that is not there yet.
keep() {
    mkdir -p "$(dirname "$1")"
    if [ -s "$1" ]; then cat >/dev/null; else cat >"$1"; fi
}
random() { od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'; }

random | keep postgres/password
random | keep valkey/password
random | keep user/master-key
random | keep gateway/service-token
# shellcheck disable=SC2059 # The format is one of the two above.
printf "$cache" "$(cat valkey/password)" | keep gateway/redis-url
for service in user order news control; do
    random | keep "postgres/$service"
    login=$service:$(cat "postgres/$service")
    printf 'postgres://%s@%s/%s%s' "$login" "$primary" "$service" "$tls" | keep "$service/database-urls"
    printf 'postgres://%s@%s/%s%s' "$login" "$replica" "$service" "$tls" | keep "$service/database-replica-urls"
    keep "$service/service-token" <gateway/service-token
    keep "$service/redis-url" <gateway/redis-url
done
if [ "$overlay" = dev ]; then
    printf 'postgres://postgres:%s@%s/postgres%s' "$(cat postgres/password)" "$primary" "$tls" | keep owner/database-owner-url
else
    # Where backups go: fill these in.
    printf 'change-me' | keep backup/access-key-id
    printf 'change-me' | keep backup/secret-access-key
fi
