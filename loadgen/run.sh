#!/bin/sh
# Starts the load generator: ./loadgen/run.sh [rps] [seconds]; --help says more.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

runs_typescript() {
  command -v "$1" >/dev/null 2>&1 && "$1" -e 'process.exit(process.features.typescript ? 0 : 1)' 2>/dev/null
}

if [ -d "$here/../node_modules/undici" ]; then
  for node in "$here/../node_modules/.bin/node" node; do
    if runs_typescript "$node"; then exec "$node" "$here/src/main.ts" "$@"; fi
  done
fi

# without Node.js: the image of the gateway has all it takes
if docker image inspect quickticket-gateway >/dev/null 2>&1; then
  # "localhost" in an address means this machine, not the container
  if [ -n "${GATEWAY_URL:-}" ]; then network=host; else network=quickticket_default; fi
  exec docker run --rm --no-healthcheck --network "$network" --env "GATEWAY_URL=${GATEWAY_URL:-http://gateway:8080}" \
    --volume "$here:/app/loadgen:ro" quickticket-gateway node loadgen/src/main.ts "$@"
fi

echo 'loadgen: run "npm ci" first (needs Node.js 22.18 or later, 20 on Linux), or "docker compose build" without Node.js' >&2
exit 1
