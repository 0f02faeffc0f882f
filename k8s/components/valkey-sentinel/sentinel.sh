#!/bin/sh
# Runs one of the three Sentinels. It writes what it learns into its file, and goes on from there when it is started again.
set -eu
. /scripts/primary.sh
me=$POD.$SERVICE
file=/state/sentinel.conf

if [ ! -s "$file" ]; then
    primary=$(named)
    [ -n "$primary" ] || primary=valkey-0.$SERVICE
    umask 077
    cat >"$file.new" <<EOF
bind $POD_IP
port 26379
dir /tmp
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $me
sentinel announce-port 26379
sentinel monitor holdfast $primary 6379 2
sentinel auth-pass holdfast $(cat "$PASSWORD_FILE")
sentinel down-after-milliseconds holdfast 2000
sentinel failover-timeout holdfast 10000
sentinel parallel-syncs holdfast 1
EOF
    mv "$file.new" "$file"
fi
exec valkey-server "$file" --sentinel
