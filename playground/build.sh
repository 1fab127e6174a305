#!/bin/sh
# Builds the GraphiQL page (playground/dist), which the binary embeds. Quick when nothing changed.
#
#   playground/build.sh            the page is optional: without Node, or when the build fails, says so and exits 0
#   playground/build.sh --strict   exits 1 instead (for CI and releases)
set -u
cd "$(dirname "$0")" || exit 1

strict=0
[ "${1:-}" = "--strict" ] && strict=1

give_up() {
  echo "playground: $1" >&2
  if [ "$strict" -eq 1 ]; then exit 1; fi
  if [ -f dist/index.html ]; then
    echo "playground: keeping the GraphiQL page that was built before." >&2
  else
    echo "playground: going on without GraphiQL; the page at /graphiql will say how to build it." >&2
  fi
  exit 0
}

# Up to date: the page exists and none of its sources is newer.
if [ -f dist/index.html ] &&
  [ -z "$(find index.html vite.config.js package.json package-lock.json src public -newer dist/index.html -print | head -n 1)" ]; then
  echo "playground: up to date"
  exit 0
fi

command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 ||
  give_up "Node.js and npm were not found (20.19 or newer builds the page)."
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' ||
  give_up "Node.js $(node --version) is too old: 20.19, 22.12 or newer builds the page."

# npm writes this file last, so it dates the installation.
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "playground: installing packages (npm ci)"
  npm ci --no-audit --no-fund --loglevel=error || give_up "npm ci failed (it needs the network once)."
fi
npm run --silent build -- --logLevel warn || give_up "the build failed."
# Vite copies public/ with its dates; the page itself dates the build.
touch dist/index.html
echo "playground: built $(du -sh dist | cut -f 1) in playground/dist"
