#!/usr/bin/env bash
# demo.sh BIN [--once] [DURAMEND-OPTION...]: the part of `./run demo` after the build.
set -euo pipefail
bin=$1
shift
once=false
options=()
for argument in "$@"; do
  if [[ $argument == --once ]]; then once=true; else options+=("$argument"); fi
done
records=${DURAMEN_DEMO_RECORDS:-200000}
place=$(mktemp -d "${TMPDIR:-/tmp}/duramen-demo.XXXXXX")
daemon=

stop() {
  if [[ -n $daemon ]]; then
    kill -TERM "$daemon" 2>/dev/null || true
    wait "$daemon" || true
  fi
  rm -rf -- "$place"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Prints the command as one would type it, then runs it.
show() {
  local word
  printf '\n$ duramen'
  for word in "$@"; do
    if [[ $word == *[!A-Za-z0-9_:./=-]* ]]; then printf " '%s'" "$word"; else printf ' %s' "$word"; fi
  done
  printf '\n'
  "$bin/duramen" "$@"
}

echo "demo: data directory $place (removed at the end)"
# In a session of its own: Ctrl-C reaches this script only, which then stops the daemon once.
setsid "$bin/duramend" --data-dir "$place/data" "${options[@]}" &
daemon=$!
# The daemon writes this file once it answers; it ends at once when it cannot start.
until [[ -s $place/data/http.address ]]; do
  if ! kill -0 "$daemon" 2>/dev/null; then
    wait "$daemon" && code=0 || code=$?
    daemon=
    echo "demo: duramend did not start (exit code $code); its message is above" >&2
    exit 1
  fi
  sleep 0.05
done
DURAMEN_URL="http://$(head -n 1 "$place/data/http.address")"
export DURAMEN_URL

echo
echo "demo: feeding $records generated container log records"
# At 400 records a second of log time, the last one is of now.
"$bin/duramen-bench" generate --records "$records" --seed 1 --rate 400 \
  --start "$(date -u -d "-$((records / 400)) seconds" +%Y-%m-%dT%H:%M:%SZ)" \
  --output "$place/demo.ndjson"
"$bin/duramen" import "$place/demo.ndjson"
rm -f -- "$place/demo.ndjson"

show query --limit 3 'error'
show query --limit 3 'timeout source:stderr -kafka'
show query --limit 2 '/order [0-9]+/ "card_declined"'
show query '* | stats count() as records by source'
show query 'error | stats count() as errors by time(1m)'
show query '* | top 5 container_name'
show seal
show status

echo
if $once; then exit 0; fi
echo "demo: the API is at $DURAMEN_URL; try in another terminal:"
echo "  curl -s '$DURAMEN_URL/api/v1/query?q=error&limit=3'"
echo "demo: Ctrl-C stops it"
wait "$daemon"
