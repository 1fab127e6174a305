#!/bin/sh
# A private PostgreSQL for one test run: own folder, free port, trust login, no fsync.
#
#   postgres.sh start [--until PID [--folder]]
#                                     prints its URL (after its folder); stops by itself when process PID is gone
#   postgres.sh stop FOLDER           stops it and removes its folder
#   postgres.sh kill FOLDER           ends it at once, as a crash does (SIGKILL); its folder stays
#   postgres.sh restart FOLDER        starts it again on its port
#   postgres.sh keep FOLDER PID       the server whose data stay in FOLDER, made when it is missing; prints its URL;
#                                     stops by itself when process PID is gone
#   postgres.sh halt FOLDER           stops it; its folder stays
#   postgres.sh setup                 nextest's set-up script: starts one server for the whole run, and in front
#                                     of it the stand-in for SQL Server (tds.sh)
#
# Exit code 3: this machine has no PostgreSQL; stderr says so.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

bindir() {
    bin=$(pg_config --bindir 2>/dev/null || true)
    if [ ! -x "$bin/initdb" ]; then
        bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    fi
    if [ -z "$bin" ] || [ ! -x "$bin/initdb" ]; then
        echo "no PostgreSQL on this machine (initdb not found by pg_config)" >&2
        exit 3
    fi
}

# PostgreSQL refuses to run as root.
as_server() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    elif command -v setpriv >/dev/null 2>&1; then
        setpriv --reuid "$user" --regid "$group" --clear-groups -- "$@"
    elif command -v runuser >/dev/null 2>&1; then
        runuser -u "$user" -- "$@"
    else
        su -s /bin/sh "$user" -c '"$0" "$@"' -- "$@"
    fi
}

unprivileged() {
    user=nobody
    if id postgres >/dev/null 2>&1; then user=postgres; fi
    group=$(id -gn "$user")
}

free_port() {
    # Not reserved between here and the start; the caller tries again.
    od -An -N2 -tu2 /dev/urandom | awk '{ print 20000 + $1 % 20000 }'
}

start() {
    bindir
    unprivileged
    dir=$(mktemp -d -t comptoir-pg.XXXXXX)
    if [ "$(id -u)" -eq 0 ]; then chown "$user:$group" "$dir"; fi
    cd "$dir"
    if ! as_server "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C -N >"$dir/initdb.log" 2>&1; then
        cat "$dir/initdb.log" >&2
        rm -rf "$dir"
        exit 1
    fi
    tries=0
    while :; do
        port=$(free_port)
        if launch "$dir" "$port"; then
            echo "$port" >"$dir/port"
            break
        fi
        tries=$((tries + 1))
        if [ "$tries" -ge 5 ]; then
            cat "$dir/data/server.log" >&2
            rm -rf "$dir"
            exit 1
        fi
    done
    if [ -n "${until:-}" ]; then
        # The guard outlives neither the tests nor the server, however the tests end.
        (
            trap '' INT HUP TERM
            while kill -0 "$until" 2>/dev/null; do sleep 1; done
            stop "$dir"
        ) >/dev/null 2>&1 </dev/null &
    fi
    if [ -n "${folder:-}" ]; then echo "$dir"; fi
    echo "postgres://postgres@127.0.0.1:$port/postgres"
}

launch() {
    as_server "$bin/pg_ctl" -D "$1/data" -w -t 60 -l "$1/data/server.log" -o "-p $2 -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=${buffers:-64MB}" start >/dev/null 2>&1
}

crash() {
    postmaster=$(head -n 1 "$1/data/postmaster.pid")
    children=$(ps -o pid= --ppid "$postmaster" || true)
    # shellcheck disable=SC2086
    kill -9 "$postmaster" $children 2>/dev/null || true
    while kill -0 "$postmaster" 2>/dev/null; do sleep 0.05; done
    rm -f "$1/data/postmaster.pid"
}

restart() {
    bindir
    unprivileged
    cd "$1"
    launch "$1" "$(cat "$1/port")"
}

# As much memory as a server of its own would have, for large bases.
keep() {
    bindir
    unprivileged
    buffers=512MB
    mkdir -p "$1"
    if [ "$(id -u)" -eq 0 ]; then chown "$user:$group" "$1"; fi
    halt "$1"
    cd "$1"
    if [ ! -f "$1/complete" ]; then
        rm -rf "$1/data"
        if ! as_server "$bin/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C -N >"$1/initdb.log" 2>&1; then
            cat "$1/initdb.log" >&2
            exit 1
        fi
        touch "$1/complete"
    fi
    tries=0
    while :; do
        port=$(free_port)
        if launch "$1" "$port"; then break; fi
        tries=$((tries + 1))
        if [ "$tries" -ge 5 ]; then
            cat "$1/data/server.log" >&2
            exit 1
        fi
    done
    mine=$(head -n 1 "$1/data/postmaster.pid")
    (
        trap '' INT HUP TERM
        while kill -0 "$2" 2>/dev/null; do sleep 1; done
        # Another run may have started it again since.
        if [ "$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)" = "$mine" ]; then halt "$1"; fi
    ) >/dev/null 2>&1 </dev/null &
    echo "postgres://postgres@127.0.0.1:$port/postgres"
}

halt() {
    bindir
    unprivileged
    if [ -f "$1/data/postmaster.pid" ]; then
        cd "$1"
        as_server "$bin/pg_ctl" -D "$1/data" -m fast -w stop >/dev/null 2>&1 || true
    fi
}

stop() {
    bindir
    unprivileged
    cd "$1"
    as_server "$bin/pg_ctl" -D "$1/data" -m immediate -w stop >/dev/null 2>&1 || true
    cd /
    rm -rf "$1"
}

case "${1:-}" in
start)
    if [ "${2:-}" = "--until" ]; then until=$3; fi
    if [ "${4:-}" = "--folder" ]; then folder=yes; fi
    start
    ;;
stop)
    stop "$2"
    ;;
keep)
    keep "$2" "$3"
    ;;
halt)
    halt "$2"
    ;;
kill)
    crash "$2"
    ;;
restart)
    restart "$2"
    ;;
setup)
    # The parent of a set-up script is nextest itself.
    until=$PPID
    if [ -z "${COMPTOIR_TEST_POSTGRES_URL:-}" ]; then
        if url=$(start); then
            echo "COMPTOIR_TEST_POSTGRES_URL=$url" >>"$NEXTEST_ENV"
        fi
    fi
    # The stand-in for SQL Server stands on it. Without it the tests that need one say so.
    url=${COMPTOIR_TEST_POSTGRES_URL:-${url:-}}
    if [ -z "${COMPTOIR_TEST_SQLSERVER_URL:-}" ] && [ -n "$url" ]; then
        if address=$(sh "$here/tds.sh" start --postgres "$url" --until "$until"); then
            echo "COMPTOIR_TEST_SQLSERVER_URL=$address" >>"$NEXTEST_ENV"
            echo "COMPTOIR_TEST_SQLSERVER_STAND_IN=1" >>"$NEXTEST_ENV"
        fi
    fi
    ;;
*)
    sed -n '2,18p' "$0" >&2
    exit 2
    ;;
esac
