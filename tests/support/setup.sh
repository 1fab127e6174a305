#!/bin/sh
# Installs what a build or the tests need and this machine lacks. Quick when nothing is missing.
#
#   setup.sh build   a C compiler (SQLite and TLS are compiled in)
#   setup.sh test    also PostgreSQL, the stand-in for SQL Server, a browser, cargo-nextest, and the JavaScript referees
#
# Packages come from apt, as root (or through sudo). What the tests can do without is asked for once and then left.
set -eu
cd "$(dirname "$0")/../.."

what="${1:-test}"
updated=no

say() { echo "setup: $*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo -n "$@"
  else
    return 1
  fi
}

# install PACKAGE...: false where apt is not there, not allowed, or does not know them.
install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  if [ "$updated" = no ]; then
    say "apt-get update"
    as_root apt-get update -qq || return 1
    updated=yes
  fi
  say "installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

have() { command -v "$1" >/dev/null 2>&1; }

need() { say "$1"; exit 1; }

have cargo || need "Rust is missing: install it from https://rustup.rs, then run this again"
have cc || install build-essential || need "a C compiler is missing, and apt could not install build-essential: install one"
[ "$what" = build ] && exit 0

# PostgreSQL puts its programs outside the path.
postgres() {
  for bin in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin; do
    [ -x "$bin/initdb" ] && return 0
  done
  return 1
}
# Only the programs are wanted: the tests start a server of their own.
postgres || install postgresql || say "no PostgreSQL: the tests that need it will say so"

have redis-server || install redis-server || say "no redis-server: the tests that need it will say so"

# The tests' SQL Server: Python packages of its own, over that PostgreSQL.
stand_in() { sh tests/support/tds.sh install; }
stand_in 2>/dev/null || { install python3-venv && stand_in; } || say "no stand-in for SQL Server: the tests that need one will say so"

browser() {
  [ -n "${CHROMIUM:-}" ] || have chromium || have chromium-browser || have google-chrome
}
browser || install chromium || say "no Chromium: the test of the GraphiQL page will say so"

if have node && have npm; then
  # npm writes this file last, so it dates the installation.
  if [ ! -f tests/js/node_modules/.package-lock.json ] ||
    [ tests/js/package-lock.json -nt tests/js/node_modules/.package-lock.json ]; then
    say "npm ci in tests/js"
    (cd tests/js && npm ci --no-audit --no-fund --loglevel=error) || need "npm ci failed in tests/js (it needs the network once)"
  fi
else
  say "no Node.js: the comparison with graphql-js, the HTTP audits and the GraphiQL test will say so"
fi

if ! cargo nextest --version >/dev/null 2>&1; then
  say "installing cargo-nextest (some minutes, once)"
  cargo install --locked --quiet cargo-nextest || say "no cargo-nextest: the tests run with cargo test"
fi
