#!/bin/sh
# The tests' stand-in for SQL Server (tests/support/tds/): TDS in front of a PostgreSQL.
#
#   tds.sh install                            makes its Python environment in target/tds-venv; quick when it is there
#   tds.sh start --postgres URL [--until PID] prints its URL; stops by itself when process PID is gone
#   tds.sh kill FOLDER                        ends it at once, as a crash does (SIGKILL); its folder stays
#   tds.sh restart FOLDER [--until PID]       starts it again, on its port and with what it held
#   tds.sh stop FOLDER                        stops it and removes its folder (the folder holds ca.pem, pid and log)
#
# Exit code 3: this machine lacks what it stands on; stderr says what.
set -eu
cd "$(dirname "$0")/../.."
root=$(pwd)
venv="$root/target/tds-venv"
wanted="$root/tests/support/tds/requirements.txt"

ready() { [ -x "$venv/bin/python" ] && cmp -s "$wanted" "$venv/requirements.txt"; }

install() {
    ready && return 0
    if ! command -v python3 >/dev/null 2>&1; then
        echo "no Python 3 on this machine" >&2
        exit 3
    fi
    rm -rf "$venv"
    mkdir -p "$root/target"
    if ! python3 -m venv "$venv" >&2; then
        rm -rf "$venv"
        echo "Python cannot make a virtual environment (python3-venv is missing)" >&2
        exit 3
    fi
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" >&2
    cp "$wanted" "$venv/requirements.txt"
}

start() {
    if ! ready; then
        echo "no stand-in for SQL Server: tests/support/tds.sh install was not run" >&2
        exit 3
    fi
    dir=$(mktemp -d -t comptoir-tds.XXXXXX)
    if [ -r /dev/urandom ]; then
        COMPTOIR_TDS_PASSWORD="Pw-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')"
        export COMPTOIR_TDS_PASSWORD
    fi
    launch --postgres "$postgres"
}

# launch ARGUMENTS: in its folder, until it listens.
launch() {
    rm -f "$dir/said"
    # PYTHONPATH, not a change of folder: mktemp's answer may be relative.
    PYTHONPATH="$root/tests/support" PYTHONDONTWRITEBYTECODE=1 nohup "$venv/bin/python" -m tds \
        "$@" --folder "$dir" ${until:+--until "$until"} \
        >"$dir/said" 2>"$dir/errors" </dev/null &
    pid=$!
    tries=0
    while ! grep -q '^sqlserver:' "$dir/said" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -ge 600 ] || ! kill -0 "$pid" 2>/dev/null; then
            cat "$dir/errors" "$dir/log" >&2 2>/dev/null || true
            kill "$pid" 2>/dev/null || true
            rm -rf "$dir"
            exit 1
        fi
        sleep 0.1
    done
    cat "$dir/said"
}

crash() {
    pid=$(cat "$1/pid")
    kill -9 "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}

stop() {
    if [ -f "$1/pid" ]; then
        pid=$(cat "$1/pid")
        kill "$pid" 2>/dev/null || true
        tries=0
        while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
            tries=$((tries + 1))
            sleep 0.1
        done
    fi
    rm -rf "$1"
}

case "${1:-}" in
install)
    install
    ;;
start)
    shift
    postgres="" until=""
    while [ $# -gt 1 ]; do
        case "$1" in
        --postgres) postgres=$2 ;;
        --until) until=$2 ;;
        esac
        shift 2
    done
    if [ -z "$postgres" ]; then
        echo "tds.sh start needs --postgres URL" >&2
        exit 2
    fi
    start
    ;;
kill)
    crash "$2"
    ;;
restart)
    dir=$2
    until=""
    if [ "${3:-}" = "--until" ]; then until=$4; fi
    launch
    ;;
stop)
    stop "$2"
    ;;
*)
    sed -n '2,11p' "$0" >&2
    exit 2
    ;;
esac
