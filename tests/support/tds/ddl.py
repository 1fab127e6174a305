"""CREATE, ALTER and DROP: into PostgreSQL's, with each column's T-SQL type and written name kept as a
comment (JSON: n name, t type, c collation, y type id, b max_length, p precision, s scale, l characters,
r radix, i identity, d default)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from .batch import Words
from .errors import TdsError, syntax, unsupported
from .translate import Scope, Translator, key, quote, schema_of
from .types import BINARY, CHARACTER, KNOWN_COLLATION, MAX, TYPE_IDS, SqlType, UnknownType


def literal(text: str) -> str:
    """A string of PostgreSQL."""
    return "'" + text.replace("'", "''") + "'"


def note(name: str, kind: SqlType | None, identity: bool = False, default: str | None = None) -> str:
    """A column's comment. A view's column whose scale only its values tell has no type."""
    if kind is None:
        return json.dumps({"n": name}, ensure_ascii=False)
    shown = kind.catalogue()
    data = {
        "n": name,
        "t": kind.text(),
        "y": TYPE_IDS[kind.name],
        "b": shown["max_length"],
        "p": shown["precision"],
        "s": shown["scale"],
        "l": shown["chars"],
        "r": shown["radix"],
    }
    if kind.collation:
        data["c"] = kind.collation
    if identity:
        data["i"] = 1
    if default:
        data["d"] = default
    return json.dumps(data, ensure_ascii=False)


@dataclass
class Name:
    """A table's name: what was written, and where PostgreSQL has it."""

    written: str
    database: str
    schema: str

    @property
    def temporary(self) -> bool:
        """#t belongs to the session."""
        return self.written.startswith("#")

    @property
    def pg(self) -> str:
        """The name in PostgreSQL."""
        if self.temporary:
            return quote(key(self.written))
        return f"{quote(schema_of(self.database, self.schema))}.{quote(key(self.written))}"


def table_name(words: Words, scope: Scope) -> Name:
    """Reads `[db].dbo.[t]`, `db..t`, `dbo.t` or `t`."""
    parts = words.names()
    if len(parts) > 3:
        raise TdsError(117, "The object name contains more than the maximum number of prefixes. The maximum is 2.", 15)
    schema = parts[-2] if len(parts) > 1 else "dbo"
    return Name(parts[-1], parts[-3] if len(parts) > 2 else scope.database, schema or "dbo")


def read_type(words: Words) -> SqlType:
    """A column's type."""
    start = words.at
    words.names()
    if words.peek() in {"VARYING", "PRECISION"}:
        words.at += 1
    elif words.peek() in {"CHAR", "CHARACTER"}:
        words.at += 1
        words.take("VARYING")
    if words.peek() == "(":
        words.group()
    text = words.text(start, words.at)
    try:
        return SqlType.parse(text)
    except UnknownType:
        raise TdsError(2715, f"Column, parameter, or variable: Cannot find data type {text}.", 16, 6) from None


def index_key(name: Name, index: str) -> str:
    """An index's name in PostgreSQL, where it is unique in its schema, not in its table."""
    return key(f"{name.written}.{index}")


def columns_of_key(words: Words) -> list[str]:
    """`(a ASC, b DESC)`; the order is for indexes only."""
    start, end = words.group()
    inner = words.part(start, end)
    found = []
    while not inner.done:
        found.append(quote(key(inner.name())))
        inner.take("ASC") or inner.take("DESC")
        if not inner.done:
            inner.expect(",")
    return found


class Table:
    """Collects what CREATE TABLE or ALTER TABLE ADD say."""

    def __init__(self, name: Name, scope: Scope) -> None:
        self.name, self.scope = name, scope
        self.parts: list[str] = []
        self.columns: list[tuple[str, SqlType, bool, str | None]] = []
        self.keys: list[tuple[str, str]] = []
        self.after: list[str] = []

    def element(self, words: Words) -> None:
        """One column or constraint."""
        if words.peek() in {"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "INDEX", "DEFAULT"}:
            self._constraint(words)
        else:
            self._column(words)

    def _constraint(self, words: Words) -> None:
        name = words.name() if words.take("CONSTRAINT") else None
        if words.take("DEFAULT"):
            start, end = words.until("FOR")
            text = words.text(start, end)
            words.expect("FOR")
            column = words.name()
            value = Translator(self.scope).expression(text)
            self.after.append(f"ALTER TABLE {self.name.pg} ALTER COLUMN {quote(key(column))} SET DEFAULT {value}")
            return
        self.parts.append(self._named(name) + self._rest(words, name))
        self._remember(name)

    def _remember(self, name: str | None) -> None:
        if name:
            text = literal(json.dumps({"n": name}, ensure_ascii=False))
            self.after.append(f"COMMENT ON CONSTRAINT {quote(key(name))} ON {self.name.pg} IS {text}")

    def _named(self, name: str | None) -> str:
        return f"CONSTRAINT {quote(key(name))} " if name else ""

    def _rest(self, words: Words, name: str | None, column: str | None = None) -> str:
        if words.take("PRIMARY", "KEY") or words.take("UNIQUE"):
            kind = "PRIMARY KEY" if words.word(words.at - 1) == "KEY" else "UNIQUE"
            words.take("CLUSTERED") or words.take("NONCLUSTERED")
            listed = columns_of_key(words) if words.peek() == "(" else [column]
            self._options(words)
            if name:
                self.keys.append((key(name), name))
            # SQL Server takes NULL for a value: one row at most.
            nulls = " NULLS NOT DISTINCT" if kind == "UNIQUE" else ""
            return f"{kind}{nulls} ({', '.join(listed)})"
        if words.take("FOREIGN", "KEY"):
            listed = columns_of_key(words)
            words.expect("REFERENCES")
            return f"FOREIGN KEY ({', '.join(listed)}) " + self._references(words)
        if words.take("REFERENCES"):
            return f"FOREIGN KEY ({column}) " + self._references(words)
        if words.take("CHECK"):
            start, end = words.group()
            return f"CHECK ({Translator(self.scope).condition(words.text(start, end))})"
        raise syntax(words.near())

    def _references(self, words: Words) -> str:
        target = table_name(words, self.scope)
        text = f"REFERENCES {target.pg}"
        if words.peek() == "(":
            text += f" ({', '.join(columns_of_key(words))})"
        while words.take("ON"):
            event = words.peek()
            words.at += 1
            for action in (("NO", "ACTION"), ("SET", "NULL"), ("SET", "DEFAULT"), ("CASCADE",)):
                if words.take(*action):
                    text += f" ON {event} {' '.join(action)}"
                    break
            else:
                raise syntax(words.near())
        return text

    def _options(self, words: Words) -> None:
        if words.take("WITH"):
            if words.peek() == "(":
                words.group()
            else:
                words.until(",", "ON", ")")
        if words.take("ON"):
            words.name()

    def _column(self, words: Words) -> None:
        written = words.name()
        column = quote(key(written))
        if words.take("AS"):
            self._copy(written, words)
            return
        kind = read_type(words)
        if kind.name in CHARACTER:
            kind = kind.collated(self.scope.collation)
        identity, not_null, default, default_text, more = False, False, None, None, []
        name = None
        while not words.done:
            if words.take("COLLATE"):
                chosen = words.name()
                if key(chosen) == "database_default":
                    chosen = self.scope.collation
                if not KNOWN_COLLATION.match(chosen):
                    raise TdsError(448, f"Invalid collation '{chosen}'.")
                kind = kind.collated(chosen)
            elif words.take("IDENTITY"):
                identity, start, step = True, "1", "1"
                if words.peek() == "(":
                    a, b = words.group()
                    start, step = (part.strip() for part in words.text(a, b).split(","))
                more.append(f"GENERATED BY DEFAULT AS IDENTITY (START WITH {start} INCREMENT BY {step})")
                not_null = True
            elif words.take("NOT", "NULL"):
                not_null = True
            elif words.take("NULL"):
                not_null = False
            elif words.take("NOT", "FOR", "REPLICATION") or words.take("ROWGUIDCOL") or words.take("SPARSE"):
                pass
            elif words.take("DEFAULT"):
                default_text = self._default(words)
                default = Translator(self.scope).expression(default_text)
                name = None
            elif words.take("CONSTRAINT"):
                name = words.name()
            elif words.peek() in {"PRIMARY", "UNIQUE", "REFERENCES", "CHECK", "FOREIGN"}:
                not_null = not_null or words.peek() == "PRIMARY"
                words.take("FOREIGN", "KEY")
                self.parts.append(self._named(name) + self._rest(words, name, column))
                self._remember(name)
                name = None
            else:
                raise syntax(words.near())
        kind = replace(kind, not_null=not_null)
        if kind.name == "rowversion":
            default = default or "tds.next_row_version()"
        text = f"{column} {kind.pg(column=True)}"
        if default is not None:
            text += f" DEFAULT {default}"
        text += (" NOT NULL" if not_null else "") + "".join(" " + item for item in more)
        self.parts.append(text)
        if kind.name in BINARY and kind.length not in (None, MAX):
            label = quote("tds_len_" + key(written))
            self.parts.append(f"CONSTRAINT {label} CHECK (length({column}) <= {kind.length})")
        self.columns.append((written, kind, identity, default_text))

    def _copy(self, written: str, words: Words) -> None:
        """The one computed column there is: a text's bytes, `AS CAST("x" AS varbinary(n))`."""
        start = words.at
        words.expect("CAST")
        words.group()
        text = words.text(start, words.at)
        found = re.fullmatch(r"CAST\s*\(.+\bAS\s+varbinary\s*\((\d+)\)\s*\)", text, re.IGNORECASE | re.DOTALL)
        if not found or not words.done:
            raise unsupported("computed columns other than CAST(… AS varbinary(n))")
        expression = Translator(self.scope).expression(text)
        self.parts.append(f"{quote(key(written))} bytea GENERATED ALWAYS AS ({expression}) STORED")
        self.columns.append((written, SqlType("varbinary", int(found[1])), False, None))

    def _default(self, words: Words) -> str:
        if words.peek() == "(":
            start = words.at
            words.group()
            return words.text(start, words.at)
        start = words.at
        words.take("-") or words.take("+")
        words.at += 1
        if words.peek() == "(":
            words.group()
        return words.text(start, words.at)

    def notes(self) -> list[str]:
        """The comments, and the trigger that rounds what SQL Server would round."""
        found = []
        for written, kind, identity, default in self.columns:
            text = literal(note(written, kind, identity, default))
            found.append(f"COMMENT ON COLUMN {self.name.pg}.{quote(key(written))} IS {text}")
        for index, written in self.keys:
            if not self.name.temporary:
                where = quote(schema_of(self.name.database, self.name.schema))
                found.append(f"COMMENT ON INDEX {where}.{quote(index)} IS {literal(json.dumps({'n': written}, ensure_ascii=False))}")
        return found + self.after


def rounding(name: Name, columns: list[tuple[str, str]]) -> list[str]:
    """A trigger for columns of these types: a datetime counts 1/300 s, a smalldatetime minutes, binary(n) is padded."""
    lines = []
    for column, kind in columns:
        field = f"NEW.{quote(key(column))}"
        parsed = SqlType.parse(kind)
        if parsed.name in {"datetime", "smalldatetime"}:
            lines.append(f"{field} := tds.{parsed.name}({field});")
        elif parsed.name == "binary":
            lines.append(f"{field} := tds.pad({field}, {parsed.length});")
    if not lines:
        return []
    where = "pg_temp" if name.temporary else quote(schema_of(name.database, name.schema))
    function = f"{where}.{quote('tds_round_' + key(name.written))}"
    body = "BEGIN " + " ".join(lines) + " RETURN NEW; END"
    return [
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {literal(body)}",
        f"CREATE OR REPLACE TRIGGER tds_round BEFORE INSERT OR UPDATE ON {name.pg} FOR EACH ROW EXECUTE FUNCTION {function}()",
    ]


def create_table(words: Words, scope: Scope) -> tuple[Name, list[str]]:
    """CREATE TABLE, after those two words."""
    name = table_name(words, scope)
    table = Table(name, scope)
    start, end = words.group()
    body = words.part(start, end)
    while not body.done:
        a, b = body.until(",")
        table.element(body.part(a, b))
        if not body.done:
            body.expect(",")
    temporary = "TEMPORARY " if name.temporary else ""
    made = [f"CREATE {temporary}TABLE {name.pg} ({', '.join(table.parts)})"]
    made.append(f"COMMENT ON TABLE {name.pg} IS {literal(json.dumps({'n': name.written}, ensure_ascii=False))}")
    made += table.notes()
    made += rounding(name, [(written, kind.text()) for written, kind, _, _ in table.columns])
    return name, made


def alter_table(words: Words, scope: Scope) -> tuple[Name, list[str], bool]:
    """ALTER TABLE, after those two words; whether columns changed."""
    name = table_name(words, scope)
    words.take("WITH", "CHECK") or words.take("WITH", "NOCHECK")
    if words.take("ADD"):
        table = Table(name, scope)
        while not words.done:
            a, b = words.until(",")
            table.element(words.part(a, b))
            if not words.done:
                words.expect(",")
        made = [f"ALTER TABLE {name.pg} {', '.join('ADD ' + part for part in table.parts)}"] if table.parts else []
        return name, made + table.notes(), bool(table.columns)
    if words.take("DROP"):
        made = []
        kind = "CONSTRAINT"
        while not words.done:
            if words.take("COLUMN"):
                kind = "COLUMN"
            elif words.take("CONSTRAINT"):
                kind = "CONSTRAINT"
            exists = "IF EXISTS " if words.take("IF", "EXISTS") else ""
            dropped = words.name()
            if kind == "COLUMN":
                # SQL Server refuses a column with constraints; here its length check goes along.
                label = quote("tds_len_" + key(dropped))
                made.append(f"ALTER TABLE {name.pg} DROP CONSTRAINT IF EXISTS {label}")
            made.append(f"ALTER TABLE {name.pg} DROP {kind} {exists}{quote(key(dropped))}")
            if not words.done:
                words.expect(",")
        return name, made, kind == "COLUMN"
    if words.take("ALTER", "COLUMN"):
        written = words.name()
        column = quote(key(written))
        kind = read_type(words)
        if kind.name in CHARACTER:
            kind = kind.collated(scope.collation)
        if words.take("COLLATE"):
            kind = kind.collated(words.name())
        not_null = words.take("NOT", "NULL")
        words.take("NULL")
        made = [f"ALTER TABLE {name.pg} DROP CONSTRAINT IF EXISTS {quote('tds_len_' + key(written))}"]
        made.append(f"ALTER TABLE {name.pg} ALTER COLUMN {column} TYPE {kind.pg(column=True)}")
        made.append(f"ALTER TABLE {name.pg} ALTER COLUMN {column} {'SET' if not_null else 'DROP'} NOT NULL")
        if kind.name in BINARY and kind.length not in (None, MAX):
            label = quote("tds_len_" + key(written))
            made.append(f"ALTER TABLE {name.pg} ADD CONSTRAINT {label} CHECK (length({column}) <= {kind.length})")
        made.append(f"COMMENT ON COLUMN {name.pg}.{column} IS {literal(note(written, kind))}")
        return name, made, True
    if words.take("CHECK", "CONSTRAINT") or words.take("NOCHECK", "CONSTRAINT"):
        return name, [], False
    raise syntax(words.near())


def create_index(words: Words, scope: Scope) -> list[str]:
    """CREATE … INDEX, after CREATE."""
    unique = words.take("UNIQUE")
    words.take("CLUSTERED") or words.take("NONCLUSTERED")
    words.expect("INDEX")
    written = words.name()
    words.expect("ON")
    name = table_name(words, scope)
    start, end = words.group()
    body, listed = words.part(start, end), []
    while not body.done:
        column = quote(key(body.name()))
        listed.append(column + (" DESC NULLS LAST" if body.take("DESC") else " NULLS FIRST"))
        body.take("ASC")
        if not body.done:
            body.expect(",")
    index = index_key(name, written)
    text = f"CREATE {'UNIQUE ' if unique else ''}INDEX {quote(index)} ON {name.pg} ({', '.join(listed)})"
    if words.take("INCLUDE"):
        text += f" INCLUDE ({', '.join(columns_of_key(words))})"
    if unique:
        text += " NULLS NOT DISTINCT"
    if words.take("WHERE"):
        a, b = words.until("WITH", "ON")
        text += f" WHERE {Translator(scope).condition(words.text(a, b))}"
    made = [text]
    if not name.temporary:
        where = quote(schema_of(name.database, name.schema))
        made.append(f"COMMENT ON INDEX {where}.{quote(index)} IS {literal(json.dumps({'n': written}, ensure_ascii=False))}")
    return made


def drop(words: Words, scope: Scope) -> list[tuple[str, Name | None, str]]:
    """DROP TABLE, VIEW or INDEX, after DROP: statement, table, what kind."""
    for kind in ("TABLE", "VIEW"):
        if words.take(kind):
            exists = "IF EXISTS " if words.take("IF", "EXISTS") else ""
            made = []
            while not words.done:
                name = table_name(words, scope)
                made.append((f"DROP {kind} {exists}{name.pg}", name, kind))
                if not words.done:
                    words.expect(",")
            return made
    if words.take("INDEX"):
        exists = "IF EXISTS " if words.take("IF", "EXISTS") else ""
        parts = words.names()
        if words.take("ON"):
            name, index = table_name(words, scope), parts[-1]
        else:
            # The old form: table.index.
            name, index = Name(parts[-2], scope.database, parts[-3] if len(parts) > 2 else "dbo"), parts[-1]
        where = "" if name.temporary else quote(schema_of(name.database, name.schema)) + "."
        return [(f"DROP INDEX {exists}{where}{quote(index_key(name, index))}", name, "INDEX")]
    raise syntax(words.near())
