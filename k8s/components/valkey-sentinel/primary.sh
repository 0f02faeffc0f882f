# Read by the other two. Most Sentinels, not the first one: one that was frozen or cut off may still name the primary of before.

# Prints the host that at least two Sentinels name as the primary; nothing where no two agree.
named() {
    for number in 0 1 2; do
        timeout 1 valkey-cli -h "valkey-$number.$SERVICE" -p 26379 --raw \
            SENTINEL get-master-addr-by-name holdfast 2>/dev/null | head -n 1
    done | sort | uniq -c | awk '$1 >= 2 && $2 != "" { print $2 }'
}
