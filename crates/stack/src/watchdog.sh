# Ends what its parent started when the parent is gone, however that went.
# Reads "started PID", "ended PID" and "folder PATH" until the end of its input, which is the end of the parent.
trap '' INT TERM HUP
pids=" "
while read -r word what; do
  case $word in
    started) pids="$pids$what " ;;
    ended) case $pids in *" $what "*) pids="${pids%% "$what" *} ${pids#* "$what" }" ;; esac ;;
    folder) set -- "$@" "$what" ;;
  esac
done
for pid in $pids; do
  below=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null || pgrep -P "$pid" 2>/dev/null)
  kill -9 $pid $below 2>/dev/null
done
for folder in "$@"; do
  rm -rf -- "$folder"
done
