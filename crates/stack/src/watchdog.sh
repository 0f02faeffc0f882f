# Ends what its parent started when the parent is gone, however that went.
# Reads "started PID", "ended PID", "data PATH" and "folder PATH" until the end of its input, which is the end of the parent.
trap '' INT TERM HUP
pids=" "
data=
while read -r word what; do
  case $word in
    started) pids="$pids$what " ;;
    ended) case $pids in *" $what "*) pids="${pids%% "$what" *} ${pids#* "$what" }" ;; esac ;;
    data) data="$data$what
" ;;
    folder) set -- "$@" "$what" ;;
  esac
done
for pid in $pids; do
  below=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null || pgrep -P "$pid" 2>/dev/null)
  kill -9 $pid $below 2>/dev/null
done
# What works on a data folder names it: postgres -D, pg_basebackup, pg_rewind, pgbackrest. One may start another just now.
for round in 1 2; do
  printf %s "$data" | while read -r path; do
    for found in $(ps -eo pid= -o args= | awk -v path="$path" 'index($0, path) && $2 ~ /(^|\/)(postgres|pg_[a-z]+|pgbackrest)$/ { print $1 }'); do
      kill -9 "$found" 2>/dev/null
    done
  done
  [ -z "$data" ] || sleep 0.2
done
for folder in "$@"; do
  # What was mounted inside it comes off first, the innermost before what holds it.
  awk -v below="$folder/" 'index($2, below) == 1 { print $2 }' /proc/mounts 2>/dev/null | sort -r | while read -r mounted; do
    umount -l -- "$mounted" 2>/dev/null
  done
  rm -rf -- "$folder"
done
