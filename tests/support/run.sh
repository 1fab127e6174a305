#!/bin/sh
# Runs all Rust tests; they call the JavaScript referees themselves. With COMPTOIR_SOAK=1 the long ones run longer.
set -eu
cd "$(dirname "$0")/../.."

# In a soak, the tests that are too long for every day run too.
ignored=""
[ "${COMPTOIR_SOAK:-}" = 1 ] && ignored=yes

if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --locked ${ignored:+--run-ignored all} "$@"
else
  # With nextest every test has its own process; here they share one, which they are written for too.
  cargo test --locked --lib --bins --tests -- ${ignored:+--include-ignored} "$@"
fi
