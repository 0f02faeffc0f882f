#!/bin/sh
# Archives the file $2 of a server's log by the settings in $1. Postgres runs it, inside its data folder, until it succeeds.
#
# What a killed primary did not archive, nobody would: a standby takes all that it received for archived. But whoever is
# promoted archives the history of its timeline first, and so before the history goes all that it tells of.
set -eu
config=$1 file=$2

# What is in the archive already, and the same, is well.
push() {
  said=$(pgbackrest --config="$config" --stanza=house archive-push "$1" 2>&1) || {
    printf '%s\n' "$said" >&2
    exit 1
  }
}

# All of the timeline $1 before the file of the log in which it ended, at $2.
push_timeline() {
  timeline=$(printf '%08X' "$1")
  end=$(printf '%s%08X%08X' "$timeline" "0x${2%/*}" $((0x${2#*/} >> 24)))
  history=${file%/*}/$timeline.history
  [ ! -e "$history" ] || push "$history"
  for segment in "${file%/*}/$timeline"????????????????; do
    name=${segment##*/}
    if [ -e "$segment" ] && [ "$name" \< "$end" ]; then push "$segment"; fi
  done
}

case $file in
  *.history)
    while read -r timeline end _; do
      case $timeline in
        [0-9]*) push_timeline "$timeline" "$end" ;;
      esac
    done <"$file"
    ;;
esac
push "$file"
