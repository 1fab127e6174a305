"""The wire: packets, encryption, requests in, tokens out.

Framing, PRELOGIN, LOGIN7, the TLS tunnel and most tokens are pysqlbridge's; the connection's order of
things is ours, because pysqlbridge neither cancels, nor speaks without encryption, nor reads every type.
"""

from __future__ import annotations

import datetime
import decimal
import socket
import ssl
import struct
import threading
import uuid
from dataclasses import dataclass

from pysqlbridge.certificate import server_context
from pysqlbridge.tds.batch import skip_all_headers
from pysqlbridge.tds.packet import PacketType, TdsProtocolError, build_message, build_packet, reassemble
from pysqlbridge.tds.prelogin import Encryption, Prelogin, Version, server_response
from pysqlbridge.tds.tls import TlsTunnel, wrap_handshake
from pysqlbridge.tds.token import DoneStatus, done, env_change, error, info

from .types import EPOCH, EPOCH_1900, MAX, SqlType

BEGIN_TRAN, COMMIT_TRAN, ROLLBACK_TRAN = 8, 9, 10


class Closed(Exception):
    """The client is gone."""


class Channel:
    """Messages over a socket, in the clear or through TLS. One reader thread, one writer thread."""

    def __init__(self, sock: socket.socket, certificate, version: Version) -> None:
        self.sock = sock
        self.packet_size = 4096
        self._certificate, self._version = certificate, version
        self._raw = bytearray()
        self._plain = bytearray()
        self._tunnel: TlsTunnel | None = None
        self._login_only = False
        self.encryption = "none"
        self._lock = threading.RLock()
        self._write_lock = threading.Lock()

    def _receive(self) -> bytes:
        try:
            data = self.sock.recv(65536)
        except OSError as reason:
            raise Closed from reason
        if not data:
            raise Closed
        return data

    def read(self):
        """The next whole message."""
        while True:
            buffer = self._raw if self._tunnel is None else self._plain
            message = reassemble(bytes(buffer)) if len(buffer) >= 8 else None
            if message is not None:
                del buffer[: message.consumed]
                return message
            data = self._receive()
            if self._tunnel is None:
                self._raw += data
            else:
                with self._lock:
                    self._plain += self._tunnel.unwrap(data)

    def write(self, payload: bytes, kind: PacketType = PacketType.TABULAR_RESULT) -> None:
        """Sends one message, split into packets."""
        data = b"".join(build_message(kind, payload, packet_size=self.packet_size))
        with self._write_lock:
            if self._tunnel is not None:
                with self._lock:
                    data = self._tunnel.wrap(data)
            try:
                self.sock.sendall(data)
            except OSError as reason:
                raise Closed from reason

    def handshake(self) -> None:
        """PRELOGIN and TLS as the client asks: none, login only, all, or TDS 8 (TLS first of all)."""
        first = self._receive()
        self._raw += first
        if first[0] == 0x16:
            self._handshake_bare()
            message = self.read()
            asked = Prelogin.parse(message.payload)
            response = server_response(version=self._version, encryption=Encryption.ON, asked=asked)
            self.write(response.build())
            return
        message = self.read()
        if message.type is not PacketType.PRELOGIN:
            raise TdsProtocolError(f"expected PRELOGIN, got {message.type.name}")
        asked = Prelogin.parse(message.payload)
        wanted = asked.encryption
        if wanted is Encryption.NOT_SUPPORTED:
            answer = Encryption.NOT_SUPPORTED
        else:
            answer = Encryption.OFF if wanted is Encryption.OFF else Encryption.ON
        response = server_response(version=self._version, encryption=answer, asked=asked)
        self.sock.sendall(build_packet(PacketType.TABULAR_RESULT, response.build()))
        if answer is Encryption.NOT_SUPPORTED:
            return
        self._login_only = answer is Encryption.OFF
        self.encryption = "login" if self._login_only else "all"
        tunnel = TlsTunnel(server_context(self._certificate))
        while not tunnel.handshake_complete:
            message = reassemble(bytes(self._raw)) if len(self._raw) >= 8 else None
            if message is None:
                self._raw += self._receive()
                continue
            del self._raw[: message.consumed]
            reply = tunnel.advance_handshake(message.payload)
            if reply:
                self.sock.sendall(b"".join(wrap_handshake(reply)))
        self._tunnel = tunnel
        if self._raw:
            self._plain += tunnel.unwrap(bytes(self._raw))
            self._raw.clear()

    def _handshake_bare(self) -> None:
        self.encryption = "strict"
        context = server_context(self._certificate)
        context.set_alpn_protocols(["tds/8.0"])
        tunnel = TlsTunnel(context)
        data = bytes(self._raw)
        self._raw.clear()
        while True:
            reply = tunnel.advance_handshake(data)
            if reply:
                self.sock.sendall(reply)
            if tunnel.handshake_complete:
                break
            data = self._receive()
        self._tunnel = tunnel
        self._plain += tunnel.unwrap(b"")

    def after_login(self) -> None:
        """Leaves the tunnel where it was for the login packet only."""
        if self._login_only:
            self._tunnel = None
            self._raw, self._plain = self._plain, bytearray()

    def close(self) -> None:
        """Ends the connection, also under a blocked reader."""
        for end in (lambda: self.sock.shutdown(socket.SHUT_RDWR), self.sock.close):
            try:
                end()
            except (OSError, ssl.SSLError):
                pass


# ----- requests


@dataclass(frozen=True)
class Parameter:
    """A parameter of a call: its name without `@`, its type as sent, its value."""

    name: str
    type: SqlType | None
    value: object
    status: int = 0


@dataclass(frozen=True)
class Call:
    """A remote procedure call."""

    procedure: str
    parameters: list[Parameter]


_PROCEDURES = {10: "sp_executesql", 11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 15: "sp_unprepare"}
_FIXED = {
    0x1F: (None, 0), 0x30: ("tinyint", 1), 0x32: ("bit", 1), 0x34: ("smallint", 2), 0x38: ("int", 4),
    0x3A: ("smalldatetime", 4), 0x3B: ("real", 4), 0x3C: ("money", 8), 0x3D: ("datetime", 8), 0x3E: ("float", 8),
    0x7A: ("smallmoney", 4), 0x7F: ("bigint", 8),
}  # fmt: skip
_SIZED = {
    0x24: {16: "uniqueidentifier"},
    0x26: {1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"},
    0x68: {1: "bit"},
    0x6D: {4: "real", 8: "float"},
    0x6E: {4: "smallmoney", 8: "money"},
    0x6F: {4: "smalldatetime", 8: "datetime"},
}


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        if len(piece) != count:
            raise TdsProtocolError("a call is cut short")
        self.at += count
        return piece

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")

    def plp(self) -> bytes | None:
        if self.number(8) == 0xFFFFFFFFFFFFFFFF:
            return None
        value = bytearray()
        while size := self.number(4):
            value += self.take(size)
        return bytes(value)


def decode(kind: SqlType, raw: bytes) -> object:
    """The value in a parameter's bytes."""
    name = kind.name
    if name == "bit":
        return bool(raw[0])
    if name in {"tinyint", "smallint", "int", "bigint"}:
        return int.from_bytes(raw, "little", signed=name != "tinyint")
    if name in {"real", "float"}:
        return struct.unpack("<f" if len(raw) == 4 else "<d", raw)[0]
    if name == "money":
        high, low = struct.unpack("<iI", raw)
        return decimal.Decimal((high << 32) + low).scaleb(-4)
    if name == "smallmoney":
        return decimal.Decimal(struct.unpack("<i", raw)[0]).scaleb(-4)
    if name == "uniqueidentifier":
        return uuid.UUID(bytes_le=raw)
    if name == "numeric":
        with decimal.localcontext() as context:
            context.prec = 80
            units = int.from_bytes(raw[1:], "little")
            return decimal.Decimal(units if raw[0] else -units).scaleb(-(kind.scale or 0))
    if name == "smalldatetime":
        days, minutes = struct.unpack("<HH", raw)
        day = datetime.datetime.combine(EPOCH_1900, datetime.time())
        return day + datetime.timedelta(days=days, minutes=minutes)
    if name == "datetime":
        days, ticks = struct.unpack("<iI", raw)
        day = datetime.datetime.combine(EPOCH_1900, datetime.time())
        return day + datetime.timedelta(days=days, milliseconds=(ticks * 10 + 1) // 3)
    if name == "date":
        return EPOCH + datetime.timedelta(days=int.from_bytes(raw, "little"))
    tail = {"time": 0, "datetime2": 3, "datetimeoffset": 5}[name]
    clock = raw[: len(raw) - tail]
    micros = int.from_bytes(clock, "little") * 10**6 // 10 ** (kind.scale or 0)
    time = (datetime.datetime.min + datetime.timedelta(microseconds=micros)).time()
    if name == "time":
        return time
    days = int.from_bytes(raw[len(clock) : len(clock) + 3], "little")
    moment = datetime.datetime.combine(EPOCH + datetime.timedelta(days=days), time)
    if name == "datetime2":
        return moment
    away = datetime.timezone(datetime.timedelta(minutes=struct.unpack("<h", raw[-2:])[0]))
    return moment.replace(tzinfo=datetime.timezone.utc).astimezone(away)


def _value(read: _Reader) -> tuple[SqlType | None, object]:
    code = read.number(1)
    if code in _FIXED:
        name, width = _FIXED[code]
        if name is None:
            return None, None
        kind = SqlType(name)
        return kind, decode(kind, read.take(width))
    if code in _SIZED:
        name = _SIZED[code].get(read.number(1))
        if name is None:
            raise TdsProtocolError(f"a parameter of type 0x{code:02x} has an impossible width")
        kind = SqlType(name)
    elif code in (0x6A, 0x6C):
        read.number(1)
        precision, scale = read.number(1), read.number(1)
        kind = SqlType("numeric", None, precision, scale)
    elif code == 0x28:
        kind = SqlType("date")
    elif code in (0x29, 0x2A, 0x2B):
        kind = SqlType({0x29: "time", 0x2A: "datetime2", 0x2B: "datetimeoffset"}[code], scale=read.number(1))
    elif code in (0xA5, 0xAD, 0xA7, 0xAF, 0xE7, 0xEF):
        size = read.number(2)
        wide = code in (0xE7, 0xEF)
        if code not in (0xA5, 0xAD):
            read.take(5)
        if size == 0xFFFF:
            raw, length = read.plp(), MAX
        else:
            found = read.number(2)
            raw, length = (None if found == 0xFFFF else read.take(found)), (size // 2 if wide else size)
        names = {0xA5: "varbinary", 0xAD: "binary", 0xA7: "varchar", 0xAF: "char", 0xE7: "nvarchar", 0xEF: "nchar"}
        kind = SqlType(names[code], length)
        if raw is None or code in (0xA5, 0xAD):
            return kind, raw
        return kind, raw.decode("utf-16-le", "surrogatepass") if wide else raw.decode("cp1252", "replace")
    else:
        raise TdsProtocolError(f"a parameter has the type 0x{code:02x}, which is not known here")
    width = read.number(1)
    return kind, None if width == 0 else decode(kind, read.take(width))


def parse_call(payload: bytes, version: int) -> Call:
    """Reads an RPC request."""
    read = _Reader(payload, skip_all_headers(payload, version))
    length = read.number(2)
    if length == 0xFFFF:
        number = read.number(2)
        procedure = _PROCEDURES.get(number, f"procedure {number}")
    else:
        procedure = read.take(length * 2).decode("utf-16-le")
    read.number(2)
    parameters = []
    while read.at < len(payload):
        name = read.take(read.number(1) * 2).decode("utf-16-le")
        status = read.number(1)
        kind, value = _value(read)
        parameters.append(Parameter(name.lstrip("@"), kind, value, status))
    return Call(procedure, parameters)


# ----- answers


class Answer:
    """The tokens that answer one request."""

    def __init__(self, version: int, server: str, procedure: bool = False) -> None:
        self._version, self._server, self._procedure = version, server, procedure
        self._out = bytearray()
        self._last: int | None = None

    def _done(self, kind: int, status: int, command: int, rows: int) -> None:
        self._last = len(self._out)
        self._out += struct.pack("<BHHQ", kind, status, command, rows)

    def rows(self, names: list[str], types: list[SqlType], rows: list[tuple]) -> None:
        """COLMETADATA and the rows of a result; `statement` closes it."""
        out = self._out
        out += struct.pack("<BH", 0x81, len(names))
        for name, kind in zip(names, types):
            flags = 0x0008 if kind.not_null else 0x0009
            encoded = name[:128].encode("utf-16-le", "surrogatepass")
            out += struct.pack("<IH", 0, flags) + kind.type_info() + bytes([len(encoded) // 2]) + encoded
        encoders = [kind.encoder() for kind in types]
        for row in rows:
            out += b"\xd1"
            for encode, value in zip(encoders, row):
                out += encode(value)

    def statement(self, rows: int | None, command: int = 0xC1) -> None:
        """A statement is done, with its count of rows if it has one."""
        status = 0x01 | (0x10 if rows is not None else 0)
        self._done(0xFF if self._procedure else 0xFD, status, command, rows or 0)

    def token(self, data: bytes) -> None:
        """Any other token."""
        self._out += data

    def error(self, number: int, message: str, severity: int, state: int) -> None:
        """An error; the statement's DONE says so too."""
        self._out += error(
            number, message[:2047], state=state, severity=severity, server=self._server, tds_version=self._version
        )
        self._done(0xFF if self._procedure else 0xFD, 0x03, 0xFD, 0)

    def message(self, number: int, text: str) -> None:
        """What PRINT and USE say."""
        self._out += info(number, text[:2047], server=self._server, tds_version=self._version)

    def change(self, kind: int, new, old=b"") -> None:
        """ENVCHANGE."""
        self._out += env_change(kind, new, old)

    def close(self, status: int = 0) -> bytes:
        """The whole answer."""
        if self._procedure:
            self._out += b"\x79" + struct.pack("<i", status)
            self._done(0xFE, 0, 0xE0, 0)
        elif self._last is None or self._last + 13 != len(self._out):
            self._done(0xFD, 0, 0, 0)
        else:
            flags, = struct.unpack_from("<H", self._out, self._last + 1)
            struct.pack_into("<H", self._out, self._last + 1, flags & ~0x01)
        return bytes(self._out)


def attention_answer(version: int) -> bytes:
    """Acknowledges a cancellation."""
    return done(status=DoneStatus.ATTENTION, tds_version=version)
