"""Runs the stand-in: `python -m tds --postgres URL --folder DIR`. Prints its address when it listens."""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import threading
import time
from pathlib import Path
from urllib.parse import quote

from .server import Server, Settings


def main() -> None:
    """Until it is told to end, or the process it belongs to has gone."""
    parser = argparse.ArgumentParser(prog="tds", description=__doc__)
    parser.add_argument("--postgres", help="URL of a PostgreSQL that this may make databases in; known to a folder that was used before")
    parser.add_argument("--folder", type=Path, required=True, help="its own: ca.pem, pid and log; removed at the end")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--collation", default="French_CI_AS")
    parser.add_argument(
        "--product-version",
        default="15.0.4430.1",
        help="what SERVERPROPERTY says; below 15 truncation is error 8152",
    )
    parser.add_argument("--timezone", default="UTC", help="what GETDATE() goes by")
    parser.add_argument("--until", type=int, help="end when this process is gone")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    folder = given.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=folder / "log",
        level=logging.DEBUG if given.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    user = os.environ.get("COMPTOIR_TDS_USER", "sa")
    password = os.environ.get("COMPTOIR_TDS_PASSWORD", "Comptoir-test-1")
    # One that was killed goes on where it was, with what it held.
    state = folder / "state.json"
    before = json.loads(state.read_text()) if state.exists() else {}
    user, password = before.get("user", user), before.get("password", password)
    server = Server(
        Settings(
            before.get("postgres") or given.postgres,
            user,
            password,
            port=before.get("port", given.port),
            collation=given.collation,
            version=given.product_version,
            timezone=given.timezone,
            database=before.get("database"),
            logins=folder / "logins",
        )
    )
    (folder / "pid").write_text(str(os.getpid()))
    held = {"postgres": server.settings.postgres, "database": server.pg_name, "port": server.server_address[1]}
    state.touch(mode=0o600)
    state.write_text(json.dumps(held | {"user": user, "password": password}))
    authority = folder / "ca.pem"
    authority.write_bytes(server.authority)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    if given.until:
        threading.Thread(target=_watch, args=(given.until, server), daemon=True).start()
    host, port = server.server_address[:2]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    print(f"sqlserver://{login}@{host}:{port}/master?tls=required&ca_file={quote(str(authority), safe='/')}", flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.finish()
        shutil.rmtree(folder, ignore_errors=True)


def _watch(process: int, server: Server) -> None:
    while True:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            server.shutdown()
            return
        except PermissionError:
            pass
        time.sleep(0.5)


if __name__ == "__main__":
    main()
