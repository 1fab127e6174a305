"""The listener: one thread that reads and one that works for every client."""

from __future__ import annotations

import json
import logging
import queue
import secrets
import socket
import socketserver
import struct
import threading
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pysqlbridge.tds.batch import parse_sql_batch, skip_all_headers
from pysqlbridge.tds.login import Login7, deobfuscate_password
from pysqlbridge.tds.packet import PacketStatus, PacketType, TdsProtocolError, next_session_id
from pysqlbridge.tds.prelogin import Version
from pysqlbridge.tds.token import EnvChangeType, DoneStatus, done, env_change, error, info, login_ack, negotiate

from . import certificates
from .errors import Cancelled, TdsError
from .session import Notes, Plans, Session
from .translate import key
from .types import TYPE_IDS, SqlType, collation_bytes
from .wire import Answer, Channel, Closed, attention_answer, parse_call

log = logging.getLogger("tds")
MOST_PARAMETERS = 2100


@dataclass(frozen=True)
class Settings:
    """How the stand-in is to be."""

    postgres: str
    user: str
    password: str
    host: str = "127.0.0.1"
    port: int = 0
    collation: str = "French_CI_AS"
    version: str = "15.0.4430.1"
    name: str = "COMPTOIR-TEST"
    timezone: str = "UTC"
    database: str | None = None
    """The PostgreSQL database that a killed one left."""
    logins: Path | None = None
    """Where each login is noted, a line of JSON each."""


class Server(socketserver.ThreadingTCPServer):
    """Listens; owns the PostgreSQL database that holds everything."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        parts = [int(part) for part in settings.version.split(".")]
        self.version = Version(parts[0], parts[1] if len(parts) > 1 else 0, parts[2] if len(parts) > 2 else 0)
        self.version_text = f"Microsoft SQL Server (stand-in over PostgreSQL) - {settings.version}"
        self.authority, self.certificate = certificates.make()
        self.notes, self.plans = Notes(), Plans()
        self.initial = {"lock_timeout": "0", "datestyle": "ISO, MDY"}
        self._sessions: dict[int, Connection] = {}
        self._lock = threading.Lock()
        self.pg_name = settings.database or f"tds_{secrets.token_hex(6)}"
        self.dsn = self.options = ""
        self.system: dict[str, list[str]] = {}
        self._prepare()
        super().__init__((settings.host, settings.port), Connection)

    def _prepare(self) -> None:
        """A PostgreSQL database of our own, taught what `setup.sql` holds."""
        parts = psycopg.conninfo.conninfo_to_dict(self.settings.postgres)
        parts["dbname"] = self.pg_name
        self.dsn = psycopg.conninfo.make_conninfo(**parts)
        values = {
            "search_path": "tds",
            "tds.collation": self.settings.collation,
            "timezone": self.settings.timezone,
            "datestyle": "ISO\\,\\ MDY",
            "deadlock_timeout": "300ms",
            "client_min_messages": "error",
            "jit": "off",
        }
        self.options = " ".join(f"-c {name}={value}" for name, value in values.items())
        if self.settings.database is None:
            self._make()
        with psycopg.connect(self.dsn, autocommit=True, options=self.options) as connection:
            found = connection.execute(
                "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
                " WHERE c.relnamespace = 'tds'::regnamespace AND c.relname LIKE '%.%' AND a.attname <> 'tds_db' ORDER BY c.oid, a.attnum"
            ).fetchall()
            for view, column in found:
                self.system.setdefault(view, []).append(column)

    def _make(self) -> None:
        with psycopg.connect(self.settings.postgres, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {self.pg_name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        with psycopg.connect(self.dsn, autocommit=True, options=self.options) as connection:
            connection.execute(Path(__file__).with_name("setup.sql").read_text("utf-8"))
            rows = []
            for name, number in TYPE_IDS.items():
                shown = SqlType.parse(name).catalogue()
                rows.append((name, number, 256 if name == "sysname" else number, shown["max_length"], shown["precision"], shown["scale"]))
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO tds.types VALUES (%s, %s, %s, %s, %s, %s)", rows)
            for name in ("master", "tempdb", "model", "msdb"):
                connection.execute(f"CREATE SCHEMA \"db:{name}\"")
                connection.execute("INSERT INTO tds.schemas VALUES (%s, %s, 'dbo')", [f"db:{name}", name])

    def properties(self) -> dict:
        """SERVERPROPERTY."""
        year = {10: "2008 R2", 11: "2012", 12: "2014", 13: "2016", 14: "2017", 15: "2019", 16: "2022"}
        return {
            "productversion": self.settings.version,
            "productlevel": "RTM",
            "productmajorversion": str(self.version.major),
            "edition": f"Stand-in {year.get(self.version.major, '')} over PostgreSQL".replace("  ", " "),
            "engineedition": 3,
            "collation": self.settings.collation,
            "servername": self.settings.name,
            "machinename": self.settings.name,
            "instancename": None,
            "isclustered": 0,
            "issingleuser": 0,
            "ishadrenabled": 0,
            "isintegratedsecurityonly": 0,
        }

    def enrol(self, connection: Connection) -> None:
        """A client has logged in."""
        with self._lock:
            self._sessions[connection.spid] = connection

    def leave(self, connection: Connection) -> None:
        """A client has gone."""
        with self._lock:
            self._sessions.pop(connection.spid, None)

    def in_use(self, database: str) -> bool:
        """Whether a client is in a database."""
        with self._lock:
            return any(c.session is not None and key(c.session.database) == database for c in self._sessions.values())

    def clear(self, database: str, keep: Session) -> None:
        """Sends away the clients of a database, but one."""
        with self._lock:
            others = [c for c in self._sessions.values() if c.session not in (None, keep) and key(c.session.database) == database]
        for connection in others:
            connection.end()
            self.leave(connection)

    def kill(self, spid: int) -> bool:
        """KILL."""
        with self._lock:
            connection = self._sessions.get(spid)
        if connection is not None:
            connection.end()
        return connection is not None

    def handle_error(self, request, client_address) -> None:
        log.exception("a connection failed")

    def finish(self) -> None:
        """Sends everybody away and drops the PostgreSQL database."""
        with self._lock:
            connections = list(self._sessions.values())
        for connection in connections:
            connection.end()
        self.server_close()
        try:
            with psycopg.connect(self.settings.postgres, autocommit=True) as admin:
                admin.execute(f"DROP DATABASE IF EXISTS {self.pg_name} WITH (FORCE)")
        except psycopg.Error:
            pass


class Connection(socketserver.BaseRequestHandler):
    """One client: this thread reads, a second one works, so that an attention is heard in time."""

    server: Server
    session: Session | None = None
    spid = 0
    ended = False

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.channel = Channel(self.request, self.server.certificate, self.server.version)
        self._work: queue.Queue = queue.Queue()
        self._state = threading.Lock()
        self._busy = 0
        self._attention = False
        self.tds = 0
        try:
            self.channel.handshake()
            if not self._login():
                return
        except (Closed, TdsProtocolError, OSError) as reason:
            log.info("no login: %s", reason)
            self.channel.close()
            return
        except Exception as reason:
            # TLS refused by the client, mostly: the certificate is its own.
            log.info("no login: %s", reason)
            self.channel.close()
            return
        self.server.enrol(self)
        worker = threading.Thread(target=self._works, daemon=True)
        worker.start()
        try:
            while True:
                message = self.channel.read()
                if message.type is PacketType.ATTENTION:
                    self._heard()
                    continue
                with self._state:
                    self._busy += 1
                self._work.put(message)
        except (Closed, TdsProtocolError, OSError) as reason:
            log.debug("%s ended: %s", self.spid, reason)
        finally:
            self.server.leave(self)
            self._work.put(None)
            with self._state:
                busy = self._busy > 0
            if busy:
                self.session.cancel()
            worker.join(timeout=10)
            self.session.close()
            self.channel.close()

    def end(self) -> None:
        """Ends it from outside: what runs is stopped, and answers nothing any more."""
        self.ended = True
        if self.session is not None:
            self.session.cancel()
        self.channel.close()

    def _heard(self) -> None:
        """An attention: what runs is stopped and says so; between requests it is answered at once."""
        with self._state:
            if self._busy:
                self._attention = True
                self.session.cancel()
                return
        self.channel.write(attention_answer(self.tds))

    def _login(self) -> bool:
        message = self.channel.read()
        if message.type is not PacketType.LOGIN7:
            raise TdsProtocolError(f"expected LOGIN7, got {message.type.name}")
        login = Login7.parse(message.payload)
        self.channel.after_login()
        self.tds = negotiate(login.tds_version)
        settings = self.server.settings
        password = deobfuscate_password(login.password)
        if login.user_name.lower() != settings.user.lower() or password != settings.password:
            self._refuse([(18456, f"Login failed for user '{login.user_name}'.", 14)])
            return False
        self.spid = next_session_id()
        try:
            self.session = Session(self.server, self.spid, login)
        except psycopg.Error as reason:
            log.warning("PostgreSQL: %s", reason)
            self._refuse([(17189, "The server is out of connections.", 16)])
            return False
        wanted = login.database or "master"
        try:
            name, collation = self.session.enter(wanted)
        except TdsError:
            self.session.close()
            self._refuse(
                [
                    (4060, f'Cannot open database "{wanted}" requested by the login. The login failed.', 11),
                    (18456, f"Login failed for user '{login.user_name}'.", 14),
                ]
            )
            return False
        self._note(login, name)
        size = login.packet_size if 512 <= login.packet_size <= 32767 else 4096
        major = self.server.version
        self.channel.write(
            env_change(EnvChangeType.DATABASE, name, "master")
            + info(5701, f"Changed database context to '{name}'.", state=2, server=settings.name, tds_version=self.tds)
            + env_change(EnvChangeType.SQL_COLLATION, collation_bytes(collation))
            + env_change(EnvChangeType.LANGUAGE, "us_english")
            + info(5703, "Changed language setting to us_english.", server=settings.name, tds_version=self.tds)
            + login_ack(version=(major.major, major.minor, major.build), tds_version=self.tds)
            + env_change(EnvChangeType.PACKET_SIZE, str(size), "4096")
            + done(tds_version=self.tds)
        )
        self.channel.packet_size = size
        return True

    def _note(self, login: Login7, database: str) -> None:
        """What a client said of itself, for a test to look at."""
        if self.server.settings.logins is not None:
            said = {
                "application": login.app_name,
                "database": database,
                "read_only": bool(login.type_flags & 0x20),
                "encryption": self.channel.encryption,
            }
            with self.server.settings.logins.open("a") as file:
                file.write(json.dumps(said) + "\n")

    def _refuse(self, reasons: list[tuple[int, str, int]]) -> None:
        tokens = b"".join(
            error(number, text, severity=severity, server=self.server.settings.name, tds_version=self.tds)
            for number, text, severity in reasons
        )
        self.channel.write(tokens + done(status=DoneStatus.ERROR, tds_version=self.tds))
        self.channel.close()

    def _works(self) -> None:
        while (message := self._work.get()) is not None:
            try:
                payload = self._answer(message)
            except Closed:
                return
            except TdsProtocolError as reason:
                log.warning("a request that cannot be read: %s", reason)
                self.channel.close()
                return
            except Exception:
                log.exception("a defect of the stand-in")
                answer = self._new_answer(False)
                answer.error(50000, "The SQL Server stand-in failed; its log says why.", 20, 1)
                payload = answer.close()
            try:
                if self.ended:
                    self.channel.close()
                    return
                with self._state:
                    self._busy -= 1
                    stopped, self._attention = self._attention, False
                    self.session.cancelled.clear()
                    self.channel.write(attention_answer(self.tds) if stopped else payload)
            except Closed:
                return
            if self.session.killed:
                self.channel.close()
                return

    def _new_answer(self, procedure: bool) -> Answer:
        return Answer(self.tds, self.server.settings.name, procedure)

    def _answer(self, message) -> bytes:
        session = self.session
        answer = self._new_answer(message.type is PacketType.RPC)
        try:
            if message.status & PacketStatus.RESET_CONNECTION:
                session.reset()
            if message.type is PacketType.SQL_BATCH:
                session.batch(parse_sql_batch(message.payload, self.tds), answer)
            elif message.type is PacketType.RPC:
                call = parse_call(message.payload, self.tds)
                if len(call.parameters) > MOST_PARAMETERS:
                    raise TdsError(8003, f"The incoming request has too many parameters. The server supports a maximum of {MOST_PARAMETERS} parameters. Reduce the number of parameters and resend the request.")
                if key(call.procedure) != "sp_executesql":
                    raise TdsError(2812, f"Could not find stored procedure '{call.procedure}'.", 16, 62)
                session.execute_sql(call.parameters, answer)
            elif message.type is PacketType.TRANSACTION_MANAGER:
                self._transaction(message.payload, answer)
            else:
                raise TdsProtocolError(f"a message of type {message.type.name}")
        except Cancelled:
            pass
        except TdsError as reason:
            answer.error(reason.number, str(reason), reason.severity, reason.state)
        return answer.close()

    def _transaction(self, payload: bytes, answer: Answer) -> None:
        at = skip_all_headers(payload, self.tds)
        kind, = struct.unpack_from("<H", payload, at)
        at += 2
        isolation = 0
        if kind == 5 and at < len(payload):
            isolation = payload[at]
            at += 1
        name = None
        if kind in (5, 7, 8, 9) and at < len(payload) and payload[at]:
            name = payload[at + 1 : at + 1 + payload[at]].decode("utf-16-le")
        self.session.transaction(kind, name, isolation, answer)
