#!/bin/sh
# Starts the load generator: ./loadgen/run.sh [rps] [seconds]; --help says more.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

runs_typescript() {
  command -v "$1" >/dev/null 2>&1 && "$1" -e 'process.exit(process.features.typescript ? 0 : 1)' 2>/dev/null
}

# COMPOSE_PROJECT_NAME may give the project another name; a gateway that is stopped on purpose is still the one to ask
network_of_gateway() {
  container=$(docker compose --file "$here/../docker-compose.yaml" ps --all --quiet gateway | head -n 1)
  [ -z "$container" ] ||
    docker inspect --format '{{range $name, $network := .NetworkSettings.Networks}}{{$name}}{{end}}' "$container"
}

if [ -d "$here/../node_modules/undici" ]; then
  for node in "$here/../node_modules/.bin/node" node; do
    if runs_typescript "$node"; then exec "$node" "$here/src/main.ts" "$@"; fi
  done
fi

# without Node.js: the same in a container
if docker image inspect quickticket-gateway >/dev/null 2>&1; then
  docker image inspect quickticket-loadgen >/dev/null 2>&1 ||
    docker build --quiet --file "$here/../services/Dockerfile" --target loadgen --tag quickticket-loadgen "$here/.." >/dev/null
  # "localhost" in an address means this machine, not the container
  if [ -n "${GATEWAY_URL:-}" ]; then
    network=host
  else
    network=$(network_of_gateway)
    if [ -z "$network" ]; then
      echo 'loadgen: no gateway in this Compose project: start it with "docker compose up -d", or name one in GATEWAY_URL' >&2
      exit 1
    fi
  fi
  # the files that it writes belong to the user who runs it
  exec docker run --rm --network "$network" --env "GATEWAY_URL=${GATEWAY_URL:-http://gateway:8080}" \
    --user "$(id -u):$(id -g)" --volume "$PWD:/work" --workdir /work --entrypoint node quickticket-loadgen /app/loadgen/src/main.ts "$@"
fi

echo 'loadgen: run "npm ci" first (needs Node.js 22.18 or later, 20 on Linux), or "docker compose build" without Node.js' >&2
exit 1
