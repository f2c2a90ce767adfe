# Outlives the process that writes to it, to end what that process has started. It reads lines "add PID SIGNAL" and
# "del PID". At the end of the input the writer is gone, whatever the reason: everything still listed gets its signal
# (paused processes are woken to see it), and is killed when it is still there a few seconds later.

PATH=$PATH:/usr/bin:/bin
trap '' HUP INT TERM
listed=''

while read -r verb pid signal; do
  others=''
  for entry in $listed; do
    [ "${entry%%:*}" = "$pid" ] || others="$others $entry"
  done
  listed=$others
  [ "$verb" = add ] && listed="$listed $pid:$signal"
done

exec 2>/dev/null
for entry in $listed; do
  kill -s "${entry#*:}" "${entry%%:*}"
  kill -s CONT "${entry%%:*}"
done

tries=0
while [ $tries -lt 50 ]; do
  tries=$((tries + 1))
  running=''
  for entry in $listed; do
    kill -0 "${entry%%:*}" && running="$running ${entry%%:*}"
  done
  [ -z "$running" ] && exit 0
  sleep 0.1 || sleep 1
done
for pid in $running; do
  kill -s KILL "$pid"
done
