#!/bin/sh
# Builds another revision in a worktree of its own, and has it and this one measure in turn: `bench-compare.sh REVISION`.
# What is worse beyond the spread of either, by 5 % and more, fails it. The worktree is gone afterwards, whatever happened. TIMES, SECONDS_EACH and WHAT say how much is measured.
set -eu

base=${1:?which revision: make bench-compare BASE=main}
root=$(git rev-parse --show-toplevel)
target=${CARGO_TARGET_DIR:-$root/target}
mkdir -p "$target/bench-compare"
place=$target/bench-compare/base
export CARGO_TARGET_DIR="$target" SQLX_OFFLINE=true

forget() {
  git -C "$root" worktree remove --force "$place" 2>/dev/null || true
  rm -rf "$target/bench-compare"
}
trap forget EXIT
trap 'exit 130' INT TERM

echo "Building $base and what is here (optimized: a quarter of an hour each the first time) ..."
git -C "$root" worktree add --quiet --force --detach "$place" "$base"
# Both share what they are built on; each program is put aside before the other takes its place.
(cd "$place" && cargo build --quiet --release --bin holdfast)
cp "$target/release/holdfast" "$target/bench-compare/holdfast-base"
(cd "$root" && cargo build --quiet --release --bin holdfast)
cp "$target/release/holdfast" "$target/bench-compare/holdfast-ours"

echo "Measuring both in turn; worse is what is so beyond the spread of either, by 5 % and more ..."
"$target/bench-compare/holdfast-ours" bench compare --base "$target/bench-compare/holdfast-base" \
  --times "${TIMES:-3}" --seconds "${SECONDS_EACH:-5}" --what "${WHAT:-order,costs}"
