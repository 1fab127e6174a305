"""One T-SQL query or change into PostgreSQL's SQL, by way of sqlglot's tree.

sqlglot reads the T-SQL; no function is read as anything but a call, so that what each means is decided
here and in `setup.sql`. Names become lower-case and quoted: PostgreSQL then finds them as a
case-insensitive server does. Values never become text: parameters stay parameters.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp, tokens
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import SqlglotError

from .errors import TdsError, syntax, unsupported
from .types import CHARACTER, KNOWN_COLLATION, MAX, NATIONAL, SqlType, UnknownType, pg_collation


class Dialect(TSQL):
    """T-SQL with calls left as they are written."""

    class Tokenizer(TSQL.Tokenizer):
        # sqlglot makes one type of `real` and `float`, and of `text` and `ntext`.
        KEYWORDS = {**TSQL.Tokenizer.KEYWORDS, "REAL": tokens.TokenType.DOUBLE}
        # Nothing swallows the rest of a batch as text.
        COMMANDS = set()

    class Parser(TSQL.Parser):
        FUNCTIONS = {}
        NO_PAREN_FUNCTIONS = TSQL.Parser.NO_PAREN_FUNCTIONS


class Output(Postgres):
    """PostgreSQL, with calls left as they are written."""

    class Generator(Postgres.Generator):
        pass


_GENERATE = {"dialect": Output, "normalize_functions": False, "comments": False, "unsupported_level": sqlglot.ErrorLevel.IGNORE}

# Calls that setup.sql answers under the same name.
_OWN = {
    "LEN", "DATALENGTH", "UPPER", "LOWER", "LTRIM", "RTRIM", "TRIM", "SUBSTRING", "LEFT", "RIGHT", "REPLICATE",
    "SPACE", "STUFF", "CHAR", "NCHAR", "ASCII", "UNICODE", "REVERSE", "QUOTENAME", "ISNUMERIC", "CHARINDEX",
    "PATINDEX", "REPLACE", "ROUND", "GETDATE", "GETUTCDATE", "SYSDATETIME", "SYSUTCDATETIME", "SYSDATETIMEOFFSET",
    "ISDATE", "SCOPE_IDENTITY", "OBJECT_NAME", "OBJECT_SCHEMA_NAME", "COL_NAME", "COLUMNPROPERTY", "TYPE_NAME",
    "DATABASEPROPERTYEX",
}  # fmt: skip
# Calls that PostgreSQL itself knows.
_THEIRS = {
    "COALESCE": "coalesce", "NULLIF": "nullif", "ABS": "abs", "CEILING": "ceil", "FLOOR": "floor", "POWER": "power",
    "SQRT": "sqrt", "SIGN": "sign", "EXP": "exp", "LOG10": "log", "PI": "pi", "COUNT": "count", "COUNT_BIG": "count",
    "SUM": "sum", "MIN": "min", "MAX": "max", "ROW_NUMBER": "row_number", "RANK": "rank", "DENSE_RANK": "dense_rank",
    "NTILE": "ntile", "LAG": "lag", "LEAD": "lead", "FIRST_VALUE": "first_value", "LAST_VALUE": "last_value",
    "CONCAT": "concat", "NEWID": "gen_random_uuid", "NEWSEQUENTIALID": "gen_random_uuid", "STDEV": "stddev_samp",
    "VAR": "var_samp", "SIN": "sin", "COS": "cos", "TAN": "tan",
}  # fmt: skip
_TYPED = {
    "LEN": "int", "DATALENGTH": "int", "CHARINDEX": "int", "PATINDEX": "int", "ASCII": "int", "UNICODE": "int",
    "COUNT": "int", "COUNT_BIG": "bigint", "ROW_NUMBER": "bigint", "RANK": "bigint", "DENSE_RANK": "bigint",
    "NTILE": "bigint", "GETDATE": "datetime", "GETUTCDATE": "datetime", "CURRENT_TIMESTAMP": "datetime",
    "SYSDATETIME": "datetime2", "SYSUTCDATETIME": "datetime2", "SYSDATETIMEOFFSET": "datetimeoffset",
    "DATEDIFF": "int", "DATEDIFF_BIG": "bigint", "DATEPART": "int", "YEAR": "int", "MONTH": "int", "DAY": "int",
    "NEWID": "uniqueidentifier", "OBJECT_ID": "int", "DB_ID": "smallint", "XACT_STATE": "smallint",
    "ISNUMERIC": "int", "ISDATE": "int", "COLUMNPROPERTY": "int", "HAS_DBACCESS": "int", "COL_LENGTH": "smallint",
    "IS_SRVROLEMEMBER": "int", "IS_MEMBER": "int", "HAS_PERMS_BY_NAME": "int",
}  # fmt: skip
_PARTS = {
    "yy": "year", "yyyy": "year", "year": "year", "qq": "quarter", "q": "quarter", "quarter": "quarter",
    "mm": "month", "m": "month", "month": "month", "dy": "dayofyear", "y": "dayofyear", "dayofyear": "dayofyear",
    "dd": "day", "d": "day", "day": "day", "wk": "week", "ww": "week", "week": "week", "dw": "weekday", "w": "weekday",
    "weekday": "weekday", "hh": "hour", "hour": "hour", "mi": "minute", "n": "minute", "minute": "minute",
    "ss": "second", "s": "second", "second": "second", "ms": "millisecond", "millisecond": "millisecond",
    "mcs": "microsecond", "microsecond": "microsecond", "isowk": "iso_week", "isoww": "iso_week", "iso_week": "iso_week",
}  # fmt: skip
# @@names the session answers, with their types.
VARIABLES = {
    "rowcount": "int", "trancount": "int", "spid": "smallint", "version": "nvarchar(300)", "servername": "nvarchar(128)",
    "identity": "numeric(38,0)", "error": "int", "lock_timeout": "int", "language": "nvarchar(128)",
    "servicename": "nvarchar(128)", "datefirst": "tinyint", "nestlevel": "int", "options": "int",
    "max_precision": "tinyint", "microsoftversion": "int", "textsize": "int",
}  # fmt: skip
_SESSION = {
    "DB_NAME": "nvarchar(128)", "SUSER_SNAME": "nvarchar(128)", "SUSER_NAME": "nvarchar(128)", "USER_NAME": "nvarchar(128)",
    "SYSTEM_USER": "nvarchar(128)", "CURRENT_USER": "nvarchar(128)", "ORIGINAL_LOGIN": "nvarchar(128)",
    "ERROR_NUMBER": "int", "ERROR_SEVERITY": "int", "ERROR_STATE": "int", "ERROR_LINE": "int",
    "ERROR_MESSAGE": "nvarchar(4000)", "ERROR_PROCEDURE": "nvarchar(128)", "HOST_NAME": "nvarchar(128)", "APP_NAME": "nvarchar(128)", "XACT_STATE": "smallint", "SCHEMA_NAME": "nvarchar(128)",
}  # fmt: skip


# The sum or average of whole numbers is an int, as long as they are ints: PostgreSQL tells.
SUM = SqlType("sum")


@dataclass
class Translated:
    """A statement for PostgreSQL."""

    sql: str
    verb: str
    # Result columns as far as the statement tells: name, and type where it is not a table's column.
    columns: list[tuple[str, SqlType | None]] | None = None
    # Variables that a SELECT assigns instead of answering.
    assigns: list[str] = field(default_factory=list)
    outer: bool = False


@dataclass
class Scope:
    """What a statement may refer to: the current database, its collation, parameters and variables."""

    database: str
    collation: str
    parameters: dict[str, SqlType | None]
    system: dict[str, list[str]]


def key(name: str) -> str:
    """A name as PostgreSQL keeps it: lower-case, and what is longer than its 63 bytes ends in a hash."""
    lower = name.lower()
    if len(lower) < 16 or len(lower.encode()) <= 63:
        return lower
    return lower.encode()[:46].decode(errors="ignore") + "~" + hashlib.md5(lower.encode()).hexdigest()[:12]


def quote(name: str) -> str:
    """A name of PostgreSQL, quoted."""
    return '"' + name.replace('"', '""') + '"'


def schema_of(database: str, schema: str | None) -> str:
    """The PostgreSQL schema of a database's schema."""
    schema = key(schema or "dbo")
    name = f"db:{key(database)}"
    return name if schema == "dbo" else f"{name}.{schema}"


def parse(sql: str) -> exp.Expression:
    """One statement's tree; what sqlglot cannot read is error 102."""
    try:
        return sqlglot.parse_one(sql, read=Dialect)
    except SqlglotError as error:
        raise _syntax(error) from None


def _syntax(error: SqlglotError) -> TdsError:
    found = getattr(error, "errors", None) or [{}]
    return syntax(found[0].get("highlight") or str(error).split("\n")[0][:60])


class Translator:
    """Rewrites one statement's tree."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._ctes: set[str] = set()
        self._uses = 0

    # ----- entry points

    def select(self, sql: str) -> Translated:
        """A SELECT, with its columns' names and what is known of their types."""
        tree = parse(sql)
        if isinstance(tree, exp.Command) or not isinstance(tree, exp.Query):
            raise syntax(sql.split()[0] if sql.split() else sql)
        first = tree
        while isinstance(first, exp.SetOperation):
            first = first.this
        while isinstance(first, exp.Subquery):
            first = first.this
        assigns: list[str] = []
        if isinstance(first, exp.Select):
            for item in first.expressions:
                if isinstance(item, exp.EQ) and _variable(item.this):
                    assigns.append(_variable(item.this))
            if assigns:
                if len(assigns) != len(first.expressions):
                    raise TdsError(141, "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.", 15)
                first.set("expressions", [item.expression for item in first.expressions])
        columns = self.columns(first)
        outer = any(join.side for join in tree.find_all(exp.Join)) or first is not tree
        tree = self.rewrite(tree)
        return Translated(self.text(tree), "SELECT", columns, assigns, outer)

    def expression(self, sql: str) -> str:
        """An expression or a condition."""
        return self.text(self.expression_tree(sql))

    def expression_tree(self, sql: str) -> exp.Expression:
        tree = parse(f"SELECT {sql}")
        if not isinstance(tree, exp.Select) or len(tree.expressions) != 1:
            raise syntax(sql[:30])
        return self.rewrite(tree).expressions[0]

    def condition(self, sql: str) -> str:
        """A condition, after WHERE."""
        tree = parse(f"SELECT 1 WHERE {sql}")
        where = tree.args.get("where")
        if where is None:
            raise syntax(sql[:30])
        return self.text(self.rewrite(tree).args["where"].this)

    def sources(self, sql: str) -> str:
        """What follows FROM."""
        tree = self.rewrite(parse(f"SELECT 1 FROM {sql}"))
        return self.text(tree)[len("SELECT 1 FROM ") :]

    def list(self, sql: str) -> tuple[list[str], list[tuple[str, SqlType | None]]]:
        """A list of output columns."""
        tree = parse(f"SELECT {sql}")
        columns = self.columns(tree)
        tree = self.rewrite(tree)
        return [self.text(item) for item in tree.expressions], columns

    def table(self, sql: str) -> exp.Table:
        """A table's name with its alias and hints, rewritten."""
        tree = parse(f"SELECT 1 FROM {sql}")
        source = tree.args.get("from_") or tree.args.get("from")
        return self.rewrite(tree).find(exp.Table) if source is not None else None

    def text(self, tree: exp.Expression) -> str:
        return tree.sql(**_GENERATE)

    # ----- names and types of a result

    def columns(self, select: exp.Expression) -> list[tuple[str, SqlType | None]] | None:
        if not isinstance(select, exp.Select):
            return None
        found = []
        for item in select.expressions:
            if item.is_star:
                return None
            inner = item.this if isinstance(item, exp.Alias) else item
            found.append((item.alias_or_name if isinstance(item, (exp.Alias, exp.Column)) else "", self.infer(inner)))
        return found

    def infer(self, node: exp.Expression | None) -> SqlType | None:
        """The type of an expression where it says so itself."""
        if node is None:
            return None
        if isinstance(node, (exp.Paren, exp.Alias, exp.Collate, exp.Window)):
            return self.infer(node.this)
        if isinstance(node, exp.Convert):
            return self.type(node.this)
        if isinstance(node, (exp.Cast, exp.TryCast)):
            return self.type(node.args["to"])
        if isinstance(node, exp.National):
            return SqlType("nvarchar", max(len(node.name), 1), collation=self.scope.collation)
        if isinstance(node, exp.Literal):
            if node.is_string:
                return SqlType("varchar", max(len(node.name), 1), collation=self.scope.collation)
            if node.name.isdigit():
                return SqlType("int") if int(node.name) < 2**31 else SqlType("numeric", None, len(node.name), 0)
            if "e" in node.name.lower():
                return SqlType("float")
            digits = node.name.replace(".", "")
            return SqlType("numeric", None, max(len(digits.lstrip("0")), 1), len(node.name.split(".")[-1]))
        if isinstance(node, exp.Neg):
            return self.infer(node.this)
        if isinstance(node, exp.Null):
            return SqlType("int")
        if isinstance(node, exp.Column) and node.name.lower() == "0x":
            return SqlType("varbinary", 1)
        if isinstance(node, exp.HexString):
            return SqlType("varbinary", max(len(node.name) // 2, 1))
        if isinstance(node, exp.CurrentTimestamp):
            return SqlType("datetime")
        if isinstance(node, exp.Extract):
            return SqlType("int")
        if isinstance(node, exp.Parameter):
            name = _variable(node)
            if name.startswith("@"):
                kind = VARIABLES.get(key(name[1:]))
                return SqlType.parse(kind) if kind else None
            return self.scope.parameters.get(key(name))
        if isinstance(node, exp.Case):
            branches = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
            return self.unite([branch for branch in branches if branch is not None and not isinstance(branch, exp.Null)])
        if isinstance(node, exp.Anonymous):
            name = node.name.upper()
            if name in _TYPED:
                return SqlType.parse(_TYPED[name])
            if name in _SESSION:
                return SqlType.parse(_SESSION[name])
            if name == "ISNULL":
                return self.infer(node.expressions[0]) if node.expressions else None
            if name in {"COALESCE", "NULLIF"}:
                return self.unite(node.expressions[:1] if name == "NULLIF" else node.expressions)
            if name in {"MIN", "MAX"} and node.expressions:
                return self.infer(node.expressions[0])
            if name in {"SUM", "AVG"}:
                return SUM
        return None

    def unite(self, nodes: list[exp.Expression]) -> SqlType | None:
        """The one type of several branches, where all of them have it; texts unite to the longer."""
        kinds = [self.infer(node) for node in nodes if not isinstance(node, exp.Null)]
        if not kinds or any(kind is None for kind in kinds):
            return None
        if len(set(kinds)) == 1:
            return kinds[0]
        if all(kind.name in CHARACTER for kind in kinds):
            lengths = [kind.length for kind in kinds]
            name = "nvarchar" if any(kind.name in NATIONAL for kind in kinds) else "varchar"
            return SqlType(name, MAX if MAX in lengths else max(lengths), collation=self.scope.collation)
        return None

    def type(self, node: exp.Expression) -> SqlType:
        """The type a CAST names."""
        text = "real" if node.this == exp.DataType.Type.DOUBLE and isinstance(node, exp.DataType) else node.sql(Dialect)
        try:
            kind = SqlType.parse(text, cast=True)
        except UnknownType as error:
            raise TdsError(243, f"Type {error} is not a defined system type.") from None
        return kind.collated(self.scope.collation) if kind.name in CHARACTER else kind

    # ----- rewriting

    def rewrite(self, tree: exp.Expression) -> exp.Expression:
        self._ctes |= {key(cte.alias) for cte in tree.find_all(exp.CTE)}
        for node in tree.find_all(exp.With):
            node.set("recursive", True)
        for select in list(tree.find_all(exp.Select)):
            self._locks(select)
        return self._walk(tree)

    def _walk(self, node: exp.Expression) -> exp.Expression:
        # Leaves first, so that a rewritten call is not rewritten again.
        if isinstance(node, exp.Parameter):
            return self._parameter(node)
        # sqlglot takes the empty `0x` for a quoted name.
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier) and not node.table:
            if not node.this.quoted or node.name.lower() == "0x":
                node.meta["bare"] = node.name.lower()
        if isinstance(node, (exp.Cast, exp.TryCast)):
            node.meta["operand"] = self.infer(node.this)
        elif isinstance(node, exp.Convert):
            node.meta["operand"] = self.infer(node.expression)
        for name, value in list(node.args.items()):
            if isinstance(value, exp.Expression):
                node.set(name, self._walk(value))
            elif isinstance(value, list):
                node.set(name, [self._walk(item) if isinstance(item, exp.Expression) else item for item in value])
        return self._one(node)

    def _one(self, node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Identifier):
            return exp.to_identifier(key(("#" if node.args.get("temporary") else "") + node.name), quoted=True)
        if isinstance(node, exp.National):
            return exp.Literal.string(node.name)
        if isinstance(node, exp.Column):
            if node.meta.get("bare") == "default":
                return _raw("DEFAULT")
            if node.meta.get("bare") == "0x":
                return _raw("'\\x'::bytea")
            if node.args.get("db") is not None:
                node.set("db", None)
                node.set("catalog", None)
            return node
        if isinstance(node, exp.Table):
            return self._table(node)
        if isinstance(node, exp.Collate):
            name = node.expression.name
            if key(name) == "database_default":
                name = self.scope.collation
            elif not KNOWN_COLLATION.match(name):
                raise TdsError(448, f"Invalid collation '{name}'.")
            return exp.Collate(this=node.this, expression=exp.Var(this=pg_collation(name)))
        if isinstance(node, exp.HexString):
            digits = node.name if len(node.name) % 2 == 0 else "0" + node.name
            return _raw(f"'\\x{digits}'::bytea")
        if isinstance(node, exp.Convert):
            return self._cast(node, node.expression, self.type(node.this), node.args.get("style"), node.args.get("safe"))
        if isinstance(node, (exp.Cast, exp.TryCast)):
            return self._cast(node, node.this, self.type(node.args["to"]), None, isinstance(node, exp.TryCast))
        if isinstance(node, exp.Like):
            like = self._like(node.this, node.expression, None)
            return exp.Not(this=like) if node.args.get("negate") else like
        if isinstance(node, exp.Escape) and isinstance(node.this, exp.Expression):
            inner = node.this.this if isinstance(node.this, exp.Not) else node.this
            regex = inner.expressions[1]
            regex.set("expressions", [regex.expressions[0], node.expression])
            return node.this
        if isinstance(node, exp.CurrentTimestamp):
            return _call("tds.getdate")
        if isinstance(node, exp.Anonymous):
            return self._function(node)
        if isinstance(node, exp.Count):
            return _call("count", *([node.this] if node.this else []))
        if isinstance(node, exp.Is) and _is_placeholder(node.this):
            node.set("this", _raw(node.this.name + "::text"))
            return node
        if isinstance(node, exp.Extract):
            return self._function(exp.Anonymous(this="DATEPART", expressions=[node.this, node.expression]))
        if isinstance(node, exp.Substring):
            return _call("tds.substring", node.this, node.args["start"], node.args["length"])
        if isinstance(node, exp.Trim):
            return _call("tds.trim", node.this)
        return node

    def _parameter(self, node: exp.Parameter) -> exp.Expression:
        name = _variable(node)
        if name.startswith("@"):
            plain = key(name[1:])
            if plain == "identity":
                return _call("tds.scope_identity")
            if plain not in VARIABLES:
                raise TdsError(102, f"Incorrect syntax near '{name}'.", 15)
            return self._placeholder("@" + plain, SqlType.parse(VARIABLES[plain]))
        if key(name) not in self.scope.parameters:
            raise TdsError(137, f'Must declare the scalar variable "@{name}".', 15, 2)
        return self._placeholder(key(name), self.scope.parameters[key(name)])

    def _placeholder(self, name: str, kind: SqlType | None) -> exp.Expression:
        # Every use is a parameter of its own, so that PostgreSQL finds a type for each.
        self._uses += 1
        text = f"\0{name}:{self._uses}\0"
        if kind is None or kind.name in CHARACTER:
            return _raw(text)
        as_ = {"bit": "smallint", "tinyint": "smallint", "numeric": "numeric", "money": "numeric", "smallmoney": "numeric"}
        return _raw(f"{text}::{as_.get(kind.name) or kind.pg()}")

    def _table(self, node: exp.Table) -> exp.Expression:
        node.set("hints", None)
        if not isinstance(node.this, exp.Identifier):
            return node
        name = node.this.name
        # In `db..t` the schema is an empty string.
        db, catalog = node.args.get("db") or None, node.args.get("catalog") or None
        if name.startswith("#"):
            node.set("db", None)
            node.set("catalog", None)
            return node
        if db is None and catalog is None and (name in self._ctes or name in {"inserted", "deleted"}):
            return node
        schema = db.name if db is not None else "dbo"
        database = catalog.name if catalog is not None else self.scope.database
        if schema in {"sys", "information_schema"}:
            return self._system(node, f"{schema}.{name}", database)
        node.set("catalog", None)
        node.set("db", exp.to_identifier(schema_of(database, schema), quoted=True))
        if node.args.get("alias") is None and isinstance(node.parent, (exp.From, exp.Join)):
            return exp.alias_(node, exp.to_identifier(name, quoted=True), table=True)
        return node

    def _system(self, node: exp.Table, view: str, database: str) -> exp.Expression:
        columns = self.scope.system.get(view)
        if columns is None:
            raise TdsError(208, f"Invalid object name '{view}'.")
        listed = ", ".join(quote(column) for column in columns)
        alias = node.alias or view.split(".")[1]
        literal = "'" + key(database).replace("'", "''") + "'"
        text = f"(SELECT {listed} FROM tds.{quote(view)} WHERE tds_db IS NULL OR tds_db = {literal}) AS {quote(key(alias))}"
        replaced = exp.Table(this=_raw(text))
        replaced.set("joins", node.args.get("joins"))
        return replaced

    def _locks(self, select: exp.Select) -> None:
        source = select.args.get("from_") or select.args.get("from")
        if source is None:
            return
        tables = [source.this] + [join.this for join in select.args.get("joins") or []]
        for table in tables:
            if not isinstance(table, exp.Table):
                continue
            hints = " ".join(hint.sql(Dialect) for hint in table.args.get("hints") or []).upper()
            if "UPDLOCK" not in hints and "XLOCK" not in hints:
                continue
            if select.args.get("group") or select.args.get("distinct") or any(select.find_all(exp.Window)):
                continue
            if any(isinstance(call, exp.Anonymous) and call.name.upper() in {"COUNT", "SUM", "MIN", "MAX", "AVG"} for call in select.find_all(exp.Anonymous)):
                continue
            of = [exp.to_table(quote(key(table.alias_or_name)), dialect=Postgres)]
            lock = exp.Lock(update=True, expressions=[_raw(quote(key(item.name))) for item in of])
            if "READPAST" in hints:
                lock.set("wait", False)
            elif "NOWAIT" in hints:
                lock.set("wait", True)
            select.append("locks", lock)

    def _like(self, x, pattern, escape) -> exp.Expression:
        regex = _call("tds.like_regex", pattern, escape or exp.Null())
        return _call('tds."like"', x, regex)

    def _cast(self, node: exp.Expression, x: exp.Expression, kind: SqlType, style, safe) -> exp.Expression:
        if safe:
            raise unsupported("TRY_CAST and TRY_CONVERT")
        name = kind.name
        if name in CHARACTER:
            if style is not None:
                x = _call("tds.styled", x, style)
            elif not (isinstance(x, exp.Literal) and x.is_string):
                x = _call("tds.str", x)
            return x if kind.length == MAX and isinstance(x, exp.Anonymous) else _as(x, kind.pg())
        if name in {"int", "bigint"}:
            return _call(f"tds.to_{name}", x)
        if name in {"smallint", "tinyint"}:
            return _as(_call("tds.to_int", x), kind.pg())
        if name == "bit":
            return _call("tds.to_bit", x)
        if name in {"numeric", "money", "smallmoney"}:
            return _as(_call("tds.to_numeric", x), kind.pg())
        if name in {"datetime", "smalldatetime"}:
            return _as(_call(f"tds.{name}", _call("tds.to_ts", x)), kind.pg())
        if name in {"datetime2", "date"}:
            return _as(_call("tds.to_ts", x), kind.pg())
        if name == "time":
            return _as(_call("tds.to_time", x), kind.pg())
        if name == "datetimeoffset":
            return _as(_call("tds.to_tz", x), kind.pg())
        if name in {"binary", "varbinary", "image"}:
            known = node.meta.get("operand")
            inner = _call("tds.nbin" if known is not None and known.name in NATIONAL else "tds.bin", x)
            size = exp.Literal.number(kind.length or MAX) if kind.length != MAX else _raw("-1")
            return _call('tds."binary"' if name == "binary" else "tds.varbinary", inner, size)
        return _as(x, kind.pg())

    def _function(self, node: exp.Anonymous) -> exp.Expression:
        name, args = node.name.upper(), list(node.expressions)
        if name.startswith("TDS."):
            return node
        if name in _OWN:
            return _call("tds." + (quote(name.lower()) if name in {"LEFT", "RIGHT", "CHAR", "TRIM", "SUBSTRING"} else name.lower()), *args)
        if name == "ISNULL":
            return _call("coalesce", *args)
        if name == "AVG":
            total, count = _call("sum", *args), _call("count", *[arg.copy() for arg in args])
            return _call("tds.average", total, count)
        if name == "CONCAT":
            return _call("concat", *[_call("tds.str", arg) for arg in args])
        if name in _THEIRS:
            return _call(_THEIRS[name], *args)
        if name in {"DATEADD", "DATEDIFF", "DATEDIFF_BIG", "DATEPART", "DATENAME"}:
            part = _PARTS.get(key(args[0].name)) if args else None
            if part is None:
                raise TdsError(155, f"'{args[0].name if args else ''}' is not a recognized {name.lower()} option.", 15)
            if name == "DATEADD":
                return _call("tds.dateadd", _raw(f"'{'day' if part in ('dayofyear', 'weekday') else part}'"), _call("tds.to_bigint", args[1]), args[2])
            moments = [_call("tds.to_ts", arg) for arg in args[1:]]
            if name.startswith("DATEDIFF"):
                return _call("tds.datediff_ts", _raw(f"'{part}'"), *moments)
            return _call("tds.datepart_ts" if name == "DATEPART" else "tds.datename_ts", _raw(f"'{part}'"), *moments)
        if name in {"YEAR", "MONTH", "DAY"}:
            return _call("tds.datepart_ts", _raw(f"'{name.lower()}'"), _call("tds.to_ts", *args))
        if name == "EOMONTH":
            return _call("tds.eomonth_ts", _call("tds.to_ts", args[0]))
        if name == "IIF":
            return exp.Case(ifs=[exp.If(this=args[0], true=args[1])], default=args[2])
        if name == "CHOOSE":
            return exp.Case(this=args[0], ifs=[exp.If(this=exp.Literal.number(n), true=arg) for n, arg in enumerate(args[1:], 1)])
        if name == "OBJECT_ID":
            kind = args[1] if len(args) > 1 else exp.Null()
            return _call("tds.object_id", args[0], kind, exp.Literal.string(key(self.scope.database)))
        if name == "COL_LENGTH":
            return _call("tds.col_length", *args, exp.Literal.string(key(self.scope.database)))
        if name == "DB_ID":
            return _call("tds.db_id", args[0] if args else exp.Literal.string(key(self.scope.database)))
        if name == "DB_NAME" and args:
            return _raw(f"(SELECT name FROM tds.databases_all WHERE database_id = {self.text(args[0])})")
        if name in _SESSION:
            return self._placeholder("@" + name.lower(), SqlType.parse(_SESSION[name]))
        if name == "SERVERPROPERTY":
            if not args or not isinstance(args[0], exp.Literal):
                raise unsupported("SERVERPROPERTY of anything but a literal")
            return self._placeholder("@server." + key(args[0].name), None)
        if name in {"HAS_DBACCESS", "IS_SRVROLEMEMBER", "IS_MEMBER", "HAS_PERMS_BY_NAME"}:
            return exp.Literal.number(1)
        raise TdsError(195, f"'{node.name}' is not a recognized built-in function name.", 15, 10)


def _variable(node: exp.Expression) -> str | None:
    """The name of `@x` (`x`) or `@@x` (`@x`)."""
    if not isinstance(node, exp.Parameter):
        return None
    if isinstance(node.this, exp.Parameter):
        return "@" + node.this.name
    return node.name


def _is_placeholder(node: exp.Expression | None) -> bool:
    return isinstance(node, exp.Var) and node.name.startswith("\0") and node.name.endswith("\0")


def _call(name: str, *args: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(args))


def _as(x: exp.Expression, kind: str) -> exp.Cast:
    return exp.Cast(this=x, to=exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=kind))


def _raw(text: str) -> exp.Expression:
    return exp.Var(this=text)
