#!/bin/sh
# Makes .sqlx anew, by which the SQL is checked without a database. Run by `make sqlx`, beside migrated databases.
set -eu

new="$PWD/target/sqlx"
rm -rf "$new"
mkdir -p "$new"
# The queries are written down while they are compiled, so all of them have to be; programs carry the migrations that there were then.
grep -rlE '(query(_as|_scalar)?|migrate)!' --include='*.rs' crates services | xargs touch
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$new" cargo check --workspace --all-targets
rm -rf .sqlx
mv "$new" .sqlx
echo ".sqlx holds $(find .sqlx -name '*.json' | wc -l | tr -d ' ') queries"
