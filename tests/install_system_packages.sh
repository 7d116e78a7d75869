#!/usr/bin/env bash
# Chromium (for the browser journeys), PostgreSQL (for the casebook's tests) and Java (for Spark), from Debian's own archive.
# As root they are installed when missing. Otherwise the reason is printed, and the tests that need them say that they
# were skipped; where CI=true nothing is skipped in silence, so what is missing ends the run here.
set -u

missing=()
if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then missing+=(chromium); fi
if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && ! command -v postgres >/dev/null; then
  missing+=(postgresql)
fi
command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
[ ${#missing[@]} -eq 0 ] && exit 0

why=""
if ! command -v apt-get >/dev/null; then
  why="this is not a Debian system"
elif [ "$(id -u)" -ne 0 ]; then
  why="only root may install packages; run: sudo apt-get install ${missing[*]}"
else
  export DEBIAN_FRONTEND=noninteractive
  # The tests start clusters of their own, so the package need not make one that runs for ever.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  echo "installing ${missing[*]} with apt-get ..."
  log=$(mktemp)
  if { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    rm -f "$log"
    exit 0
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
  why="apt-get could not install it"
fi

echo "not installed: ${missing[*]} ($why)" >&2
if [ "${CI:-}" = "true" ]; then
  echo "CI=true: tests are not skipped in silence" >&2
  exit 1
fi
echo "the tests that need it are skipped" >&2
exit 0
