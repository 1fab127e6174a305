"""T-SQL types: how they are written, what PostgreSQL stores them as, how they travel.

A type is kept with every column as a comment of PostgreSQL's catalogue (see `ddl.py`), because
PostgreSQL has fewer types than SQL Server: a `money` is stored as `numeric(19,4)`, a `datetime` as
`timestamp(3)`.
"""

from __future__ import annotations

import datetime
import decimal
import re
import struct
import uuid
from dataclasses import dataclass, replace

MAX = -1
EPOCH = datetime.date(1, 1, 1)
EPOCH_1900 = datetime.date(1900, 1, 1)
PLP_NULL = b"\xff" * 8

# Five bytes on the wire: LCID and flags, then the sort id. All of these are code page 1252.
_LCID = {"french": 0x040C, "latin1_general": 0x0409, "modern_spanish": 0x0C0A, "german": 0x0407}
_IGNORE_CASE, _IGNORE_ACCENT, _IGNORE_KANA, _IGNORE_WIDTH, _BINARY, _BINARY2 = (1 << n for n in range(20, 26))


def collation_bytes(name: str | None) -> bytes:
    """The wire form of a collation's name."""
    lower = (name or "").lower()
    if lower.startswith("sql_latin1_general_cp1_"):
        return struct.pack("<IB", 0x0409 | 0xD00000, 0x34 if "_ci_" in lower else 0x33)
    lcid = next((code for key, code in _LCID.items() if lower.startswith(key)), 0x0409)
    if lower.endswith("_bin2"):
        flags = _BINARY2
    elif lower.endswith("_bin"):
        flags = _BINARY
    else:
        flags = _IGNORE_KANA | _IGNORE_WIDTH
        flags |= _IGNORE_CASE if "_ci" in lower else 0
        flags |= _IGNORE_ACCENT if "_ai" in lower else 0
    return struct.pack("<IB", lcid | flags, 0)


def pg_collation(name: str | None) -> str:
    """The PostgreSQL collation that stands for a collation of SQL Server."""
    lower = (name or "").lower()
    if lower.endswith(("_bin", "_bin2")):
        return "tds.bin"
    case = "ci" if "_ci" in lower else "cs" if "_cs" in lower else "ci"
    accent = "ai" if "_ai" in lower else "as"
    return f"tds.{case}_{accent}"


KNOWN_COLLATION = re.compile(
    r"(?i)^(sql_)?[a-z0-9_]+_(bin2?|c[is]_a[is](_ks)?(_ws)?(_sc)?(_utf8)?)$"
)

_ALIASES = {
    "integer": "int",
    "decimal": "numeric",
    "dec": "numeric",
    "character": "char",
    "character varying": "varchar",
    "char varying": "varchar",
    "national character": "nchar",
    "national char": "nchar",
    "national character varying": "nvarchar",
    "national char varying": "nvarchar",
    "double precision": "float",
    "timestamp": "rowversion",
    "binary varying": "varbinary",
}
CHARACTER = {"char", "varchar", "nchar", "nvarchar", "text", "ntext", "sysname", "xml"}
NATIONAL = {"nchar", "nvarchar", "ntext", "sysname", "xml"}
BINARY = {"binary", "varbinary", "image", "rowversion"}
_PLAIN = {
    "bit", "tinyint", "smallint", "int", "bigint", "real", "float", "numeric", "money", "smallmoney", "date",
    "time", "smalldatetime", "datetime", "datetime2", "datetimeoffset", "uniqueidentifier", "sql_variant",
}  # fmt: skip
# What sys.types numbers them.
TYPE_IDS = {
    "image": 34, "text": 35, "uniqueidentifier": 36, "date": 40, "time": 41, "datetime2": 42,
    "datetimeoffset": 43, "tinyint": 48, "smallint": 52, "int": 56, "smalldatetime": 58, "real": 59,
    "money": 60, "datetime": 61, "float": 62, "sql_variant": 98, "ntext": 99, "bit": 104, "numeric": 108,
    "smallmoney": 122, "bigint": 127, "varbinary": 165, "varchar": 167, "binary": 173, "char": 175,
    "rowversion": 189, "nvarchar": 231, "sysname": 231, "nchar": 239, "xml": 241,
}  # fmt: skip
_BYTES = {
    "bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "real": 4, "float": 8, "money": 8,
    "smallmoney": 4, "date": 3, "smalldatetime": 4, "datetime": 8, "uniqueidentifier": 16, "image": 16,
    "text": 16, "ntext": 16, "rowversion": 8, "xml": -1,
}  # fmt: skip


class UnknownType(ValueError):
    """A type's name that is none of SQL Server's."""


@dataclass(frozen=True)
class SqlType:
    """A T-SQL type. `length` counts bytes of `char` and `binary`, characters of `nchar`; -1 is `max`."""

    name: str
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    collation: str | None = None
    not_null: bool = False

    @classmethod
    def parse(cls, text: str, *, cast: bool = False) -> SqlType:
        """Reads `varchar(19)`. Without a length, a column has 1 and a cast 30."""
        match = re.fullmatch(r"(?s)\s*(?:\[?sys\]?\.)?\[?([A-Za-z0-9_ ]+?)\]?\s*(?:\(\s*([^)]*)\))?\s*", text)
        if match is None:
            raise UnknownType(text)
        name = re.sub(r"\s+", " ", match[1].lower())
        name = _ALIASES.get(name, name)
        numbers = [part.strip().lower() for part in match[2].split(",")] if match[2] else []
        if name not in _PLAIN | CHARACTER | BINARY:
            raise UnknownType(name)
        if name in {"char", "varchar", "nchar", "nvarchar", "binary", "varbinary"}:
            if not numbers:
                return cls(name, 30 if cast else 1)
            length = MAX if numbers[0] == "max" else int(numbers[0])
            return cls(name, length)
        if name == "sysname":
            return cls("sysname", 128)
        if name in {"text", "ntext", "image", "xml"}:
            return cls(name, MAX)
        if name == "rowversion":
            return cls(name, 8)
        if name == "numeric":
            precision = int(numbers[0]) if numbers else 18
            return cls(name, None, precision, int(numbers[1]) if len(numbers) > 1 else 0)
        if name == "float":
            return cls("real" if numbers and int(numbers[0]) <= 24 else "float")
        if name in {"time", "datetime2", "datetimeoffset"}:
            return cls(name, None, None, int(numbers[0]) if numbers else 7)
        return cls(name)

    def collated(self, collation: str | None) -> SqlType:
        """The same type in a collation."""
        return replace(self, collation=collation)

    def text(self) -> str:
        """How it is written in T-SQL."""
        if self.name in {"char", "varchar", "nchar", "nvarchar", "binary", "varbinary"}:
            return f"{self.name}({'max' if self.length == MAX else self.length})"
        if self.name == "numeric":
            return f"numeric({self.precision},{self.scale})"
        if self.name in {"time", "datetime2", "datetimeoffset"}:
            return f"{self.name}({self.scale})"
        return self.name

    def pg(self, *, column: bool = False) -> str:
        """What PostgreSQL stores it as; a column of text is given its collation."""
        plain = {
            "bit": 'tds."bit"',
            "tinyint": "tds.tinyint",
            "smallint": "smallint",
            "int": "integer",
            "bigint": "bigint",
            "real": "real",
            "float": "double precision",
            "money": "numeric(19,4)",
            "smallmoney": "numeric(10,4)",
            "date": "date",
            "smalldatetime": "timestamp(0)",
            "datetime": "timestamp(3)",
            "uniqueidentifier": "uuid",
            "sql_variant": "text",
        }.get(self.name)
        if plain is not None:
            return plain
        if self.name == "numeric":
            return f"numeric({self.precision},{self.scale})"
        if self.name in {"time", "datetime2", "datetimeoffset"}:
            base = {"time": "time", "datetime2": "timestamp", "datetimeoffset": "timestamptz"}[self.name]
            return f"{base}({min(self.scale or 0, 6)})"
        if self.name in BINARY:
            return "bytea"
        collate = f" COLLATE {pg_collation(self.collation)}" if column else ""
        if self.length == MAX:
            return "text" + collate
        base = "character" if self.name in {"char", "nchar"} else "varchar"
        return f"{base}({self.length}){collate}"

    def catalogue(self) -> dict:
        """max_length, precision and scale as sys.columns and INFORMATION_SCHEMA show them."""
        whole = {"bit": 1, "tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
        found = {"max_length": _BYTES.get(self.name), "precision": 0, "scale": 0, "chars": None, "radix": None}
        if self.name in whole:
            found["precision"] = whole[self.name]
            found["radix"] = 10 if self.name != "bit" else None
        elif self.name == "numeric":
            precision = self.precision or 18
            found |= {"max_length": _numeric_width(precision), "precision": precision, "scale": self.scale or 0}
            found["radix"] = 10
        elif self.name in {"money", "smallmoney"}:
            found |= {"precision": 19 if self.name == "money" else 10, "scale": 4, "radix": 10}
        elif self.name in {"real", "float"}:
            found |= {"precision": 24 if self.name == "real" else 53, "radix": 2}
        elif self.name in {"date", "smalldatetime", "datetime"}:
            precision = {"date": 10, "smalldatetime": 16, "datetime": 23}[self.name]
            found |= {"precision": precision, "scale": 3 if self.name == "datetime" else 0}
        elif self.name in {"time", "datetime2", "datetimeoffset"}:
            scale = self.scale or 0
            extra = {"time": 0, "datetime2": 3, "datetimeoffset": 5}[self.name]
            base = {"time": 8, "datetime2": 19, "datetimeoffset": 26}[self.name]
            found |= {"max_length": _time_width(scale) + extra, "scale": scale}
            found["precision"] = base + (scale + 1 if scale else 0)
        elif self.name in {"text", "ntext", "image"}:
            found["chars"] = 1073741823 if self.name == "ntext" else 2147483647
        elif self.name in CHARACTER | BINARY and self.name != "rowversion":
            found["chars"] = self.length
            wide = 2 if self.name in NATIONAL and self.length != MAX else 1
            found["max_length"] = (self.length or 0) * wide
        return found

    # ----- the wire

    def type_info(self) -> bytes:
        """TYPE_INFO of a column of this type. NOT NULL columns have the fixed form where there is one."""
        name, length = self.name, self.length
        if self.not_null and name in _FIXED:
            return bytes([_FIXED[name]])
        if name in _BYTE_LENGTH:
            kind, width = _BYTE_LENGTH[name]
            return bytes([kind, width])
        if name == "numeric":
            precision = self.precision or 38
            return bytes([0x6C, _numeric_width(precision), precision, self.scale or 0])
        if name == "date":
            return b"\x28"
        if name in _SCALED:
            return bytes([_SCALED[name], self.scale if self.scale is not None else 7])
        wide = name in NATIONAL
        size = 0xFFFF if length in (MAX, None) else (length or 1) * (2 if wide else 1)
        if name in BINARY:
            return struct.pack("<BH", 0xAD if name in {"binary", "rowversion"} else 0xA5, size)
        kind = {"char": 0xAF, "nchar": 0xEF}.get(name, 0xE7 if wide else 0xA7)
        return struct.pack("<BH", kind, size) + collation_bytes(self.collation)

    def encoder(self):
        """A function from a value to its bytes in a ROW."""
        name = self.name
        if self.not_null and name in _FIXED:
            nullable = replace(self, not_null=False).encoder()
            return lambda value: nullable(value)[1:]
        if name in _BYTE_LENGTH or name in {"numeric", "date"} or name in _SCALED:
            raw = self._raw()

            def short(value):
                if value is None:
                    return b"\0"
                data = raw(value)
                return bytes([len(data)]) + data

            return short
        data_of = self._bytes()
        if self.length in (MAX, None):

            def long(value):
                if value is None:
                    return PLP_NULL
                data = data_of(value)
                head = struct.pack("<Q", len(data))
                chunk = struct.pack("<I", len(data)) + data if data else b""
                return head + chunk + b"\0\0\0\0"

            return long

        def sized(value):
            if value is None:
                return b"\xff\xff"
            data = data_of(value)
            return struct.pack("<H", len(data)) + data

        return sized

    def _bytes(self):
        if self.name in BINARY:
            return bytes
        pad = self.length if self.name in {"char", "nchar"} and self.length not in (MAX, None) else 0
        if self.name in NATIONAL:
            return lambda value: str(value).ljust(pad).encode("utf-16-le", "surrogatepass")
        return lambda value: str(value).ljust(pad).encode("cp1252", "replace")

    def _raw(self):
        name = self.name
        if name == "bit":
            return lambda value: b"\x01" if value else b"\x00"
        if name in _WHOLE:
            width = _WHOLE[name]
            return lambda value: int(value).to_bytes(width, "little", signed=width > 1)
        if name in {"real", "float"}:
            form = "<f" if name == "real" else "<d"
            return lambda value: struct.pack(form, float(value))
        if name == "money":

            def money(value):
                units = int((decimal.Decimal(value) * 10000).to_integral_value())
                return struct.pack("<iI", units >> 32, units & 0xFFFFFFFF)

            return money
        if name == "smallmoney":
            return lambda value: struct.pack("<i", int((decimal.Decimal(value) * 10000).to_integral_value()))
        if name == "uniqueidentifier":
            return lambda value: (value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))).bytes_le
        if name == "numeric":
            width, scale = _numeric_width(self.precision or 38) - 1, self.scale or 0

            def number(value):
                with decimal.localcontext() as context:
                    context.prec = 80
                    units = int(decimal.Decimal(value).scaleb(scale).to_integral_value(decimal.ROUND_HALF_UP))
                return bytes([0 if units < 0 else 1]) + abs(units).to_bytes(width, "little")

            return number
        if name == "date":
            return lambda value: (_date(value) - EPOCH).days.to_bytes(3, "little")
        if name == "datetime":

            def moment(value):
                value = _moment(value)
                days = (value.date() - EPOCH_1900).days
                seconds = value.hour * 3600 + value.minute * 60 + value.second
                ticks = seconds * 300 + (value.microsecond * 3 + 5000) // 10000
                return struct.pack("<iI", days + ticks // 25920000, ticks % 25920000)

            return moment
        if name == "smalldatetime":

            def minute(value):
                value = _moment(value)
                return struct.pack("<HH", (value.date() - EPOCH_1900).days, value.hour * 60 + value.minute)

            return minute
        scale = self.scale if self.scale is not None else 7

        def clock(value):
            micros = ((value.hour * 60 + value.minute) * 60 + value.second) * 10**6 + value.microsecond
            units = micros * 10 ** (scale - 6) if scale >= 6 else micros // 10 ** (6 - scale)
            return units.to_bytes(_time_width(scale), "little")

        if name == "time":
            return clock
        if name == "datetime2":
            return lambda value: clock(_moment(value)) + (_moment(value).date() - EPOCH).days.to_bytes(3, "little")

        def offset(value):
            away = value.utcoffset() or datetime.timedelta()
            value = value.astimezone(datetime.timezone.utc)
            minutes = int(away.total_seconds() // 60)
            return clock(value) + (value.date() - EPOCH).days.to_bytes(3, "little") + struct.pack("<h", minutes)

        return offset


_FIXED = {
    "bit": 0x32, "tinyint": 0x30, "smallint": 0x34, "int": 0x38, "bigint": 0x7F, "real": 0x3B, "float": 0x3E,
    "money": 0x3C, "smallmoney": 0x7A, "datetime": 0x3D, "smalldatetime": 0x3A,
}  # fmt: skip
_BYTE_LENGTH = {
    "bit": (0x68, 1), "tinyint": (0x26, 1), "smallint": (0x26, 2), "int": (0x26, 4), "bigint": (0x26, 8),
    "real": (0x6D, 4), "float": (0x6D, 8), "money": (0x6E, 8), "smallmoney": (0x6E, 4), "datetime": (0x6F, 8),
    "smalldatetime": (0x6F, 4), "uniqueidentifier": (0x24, 16),
}  # fmt: skip
_WHOLE = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}
_SCALED = {"time": 0x29, "datetime2": 0x2A, "datetimeoffset": 0x2B}


def _numeric_width(precision: int) -> int:
    return 5 if precision <= 9 else 9 if precision <= 19 else 13 if precision <= 28 else 17


def _time_width(scale: int) -> int:
    return 3 if scale <= 2 else 4 if scale <= 4 else 5


def _date(value) -> datetime.date:
    return value.date() if isinstance(value, datetime.datetime) else value


def _moment(value) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    return datetime.datetime.combine(value, datetime.time())


def of_pg(oid: int, precision: int | None, scale: int | None, size: int | None, values) -> SqlType:
    """The type of a result column that is no table's column, from what PostgreSQL says of it.

    `values` are the column's values: a `numeric` without a scale takes the greatest one found.
    """
    plain = {16: "bit", 21: "smallint", 23: "int", 20: "bigint", 700: "real", 701: "float", 1082: "date"}
    plain |= {2950: "uniqueidentifier"}
    if oid in plain:
        return SqlType(plain[oid])
    if oid == 1700:
        if precision is not None:
            return SqlType("numeric", None, precision, scale or 0)
        found = [-value.as_tuple().exponent for value in values if value is not None and value.is_finite()]
        return SqlType("numeric", None, 38, min(max([0, *found]), 20))
    if oid == 1114:
        # The column types' own precisions: timestamp(3) is a datetime, timestamp(0) a smalldatetime.
        return SqlType({3: "datetime", 0: "smalldatetime"}.get(precision, "datetime2"), scale=7)
    if oid == 1184:
        return SqlType("datetimeoffset", scale=7)
    if oid == 1083:
        return SqlType("time", scale=7)
    if oid == 17:
        longest = max((len(value) for value in values if value is not None), default=0)
        return SqlType("varbinary", 8000 if longest <= 8000 else MAX)
    if size is not None and 0 < size <= 4000:
        return SqlType("nchar" if oid == 1042 else "nvarchar", size)
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    return SqlType("nvarchar", 4000 if longest <= 2000 else MAX)
