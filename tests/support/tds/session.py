"""One client's session: its database, transaction, settings and variables, over one PostgreSQL connection."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace

import psycopg
from psycopg import pq

from . import ddl, dml
from .batch import Block, If, Statement, Try, Words, parse
from .errors import Cancelled, TdsError, syntax, translate, unsupported
from .translate import SUM, VARIABLES, Scope, Translated, Translator, key, quote, schema_of
from .types import CHARACTER, KNOWN_COLLATION, SqlType, UnknownType, of_pg
from .wire import BEGIN_TRAN, COMMIT_TRAN, ROLLBACK_TRAN, Answer, Parameter

_PLACEHOLDER = re.compile("\0([^\0:]+):([0-9]+)\0")
# What each statement is called in DONE.
_COMMANDS = {"SELECT": 0xC1, "INSERT": 0xC3, "DELETE": 0xC4, "UPDATE": 0xC5}


class Ended(Exception):
    """The batch is over (RETURN, or an error that ends it)."""


class Leave(Exception):
    """BREAK (True) or CONTINUE (False)."""


@dataclass(frozen=True)
class Known:
    """What the catalogue says of a table's column."""

    name: str
    type: SqlType | None


class Notes:
    """Columns' names and types by PostgreSQL's numbers, shared by all sessions."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], Known | None] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Something was altered."""
        with self._lock:
            self._known.clear()

    def of(self, connection, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], Known | None]:
        """The known ones of these columns."""
        with self._lock:
            missing = [pair for pair in wanted if pair not in self._known]
        if missing:
            rows = connection.execute(
                "SELECT a.attrelid::bigint, a.attnum, a.attnotnull, d.description FROM pg_attribute AS a"
                " JOIN unnest(%s::bigint[], %s::integer[]) AS w (rel, num) ON a.attrelid = w.rel::oid AND a.attnum = w.num"
                " JOIN pg_description AS d ON d.objoid = a.attrelid AND d.objsubid = a.attnum"
                " AND d.classoid = 'pg_class'::regclass",
                [[pair[0] for pair in missing], [pair[1] for pair in missing]],
            ).fetchall()
            found: dict[tuple[int, int], Known | None] = dict.fromkeys(missing)
            for table, number, not_null, text in rows:
                data = json.loads(text)
                kind = SqlType.parse(data["t"]) if "t" in data else None
                if kind is not None:
                    kind = replace(kind, collation=data.get("c"), not_null=not_null)
                found[table, number] = Known(data["n"], kind)
            with self._lock:
                self._known.update(found)
        with self._lock:
            return {pair: self._known.get(pair) for pair in wanted}


class Plans:
    """Translations already made, by what they depend on. One that names its database only as the
    schema that it is in PostgreSQL serves every database."""

    _HERE = "\1"

    def __init__(self, most: int = 4000) -> None:
        self._plans: OrderedDict = OrderedDict()
        self._most, self._lock = most, threading.Lock()

    def get(self, wanted: tuple, database: str, make):
        """The translation, made if it is new."""
        names = [quote(schema_of(database, None)), ddl.literal(key(database)), ddl.literal(database)]
        with self._lock:
            for known in ((*wanted, None), (*wanted, database)):
                if known in self._plans:
                    self._plans.move_to_end(known)
                    sql, places, made = self._plans[known]
                    for n, name in enumerate(names):
                        sql = sql.replace(f"{self._HERE}{n}{self._HERE}", name)
                    return sql, places, made
        whole = make()
        sql, places, made = whole
        general = sql
        for n, name in enumerate(names):
            general = general.replace(name, f"{self._HERE}{n}{self._HERE}")
        # Written in the text, or left in the translation, it is this database and no other.
        own = key(database) in key(wanted[1]) or key(database) in general.lower() or self._HERE in sql
        with self._lock:
            self._plans[(*wanted, database if own else None)] = whole if own else (general, places, made)
            while len(self._plans) > self._most:
                self._plans.popitem(last=False)
        return whole


class Session:
    """What `Connection` (server.py) gives requests to."""

    def __init__(self, server, spid: int, login) -> None:
        self.server, self.spid, self.login = server, spid, login
        self.database = "master"
        self.collation = server.settings.collation
        self.isolation = "READ COMMITTED"
        self.verb = "SELECT"
        self.killed = False
        self.cancelled = threading.Event()
        self._variables: dict[str, tuple[SqlType, object]] = {}
        self._rowcount, self._trancount, self._error, self._lock_timeout = 0, 0, 0, -1
        self._xact_abort = self._nocount = self._doomed = False
        self._outer_name: str | None = None
        self._descriptor = 0
        self._identity_insert: str | None = None
        self._caught: list[TdsError] = []
        self._date_format = "MDY"
        self._applied: dict[str, str] = {}
        self._answer: Answer | None = None
        self.pg = psycopg.connect(server.dsn, autocommit=True, prepare_threshold=None, options=server.options)

    # ----- life

    def close(self) -> None:
        """Rolls back and lets PostgreSQL go."""
        try:
            self.pg.close()
        except psycopg.Error:
            pass

    def cancel(self) -> None:
        """Attention: stops what runs in PostgreSQL."""
        self.cancelled.set()
        try:
            self.pg.cancel()
        except psycopg.Error:
            pass

    def reset(self) -> None:
        """sp_reset_connection: as new, for a client's pool."""
        if self._trancount:
            self._rollback(None)
        self._xact_abort = self._nocount = False
        self.isolation, self._lock_timeout, self._date_format = "READ COMMITTED", -1, "MDY"
        self.pg.execute("DISCARD TEMP")

    def enter(self, database: str) -> tuple[str, str]:
        """Makes a database the current one; its name as created, and its collation."""
        row = self.pg.execute("SELECT name, collation_name FROM tds.databases_all WHERE key = %s", [key(database)]).fetchone()
        if row is None:
            raise TdsError(911, f"Database '{database}' does not exist. Make sure that the name is entered correctly.")
        self.database, self.collation = row
        return row

    # ----- requests

    def batch(self, text: str, answer: Answer) -> None:
        """A batch of SQL."""
        self._variables = {}
        self._run(text, answer)

    def execute_sql(self, parameters: list[Parameter], answer: Answer) -> None:
        """sp_executesql: a batch with parameters."""
        text = parameters[0].value if parameters else None
        if not isinstance(text, str):
            raise TdsError(214, "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.")
        declared = parameters[1].value if len(parameters) > 1 and isinstance(parameters[1].value, str) else ""
        kinds = _declarations(declared)
        values: dict[str, tuple[SqlType, object]] = {}
        names = list(kinds)
        for n, parameter in enumerate(parameters[2:]):
            name = key(parameter.name) if parameter.name else (names[n] if n < len(names) else "")
            if name not in kinds:
                raise TdsError(8145, f"@{parameter.name} is not a parameter for procedure sp_executesql.")
            kind = kinds[name]
            if kind.name in CHARACTER:
                kind = kind.collated(self.collation)
            values[name] = (kind, self._fit(kind, parameter.value))
        for name in kinds:
            if name not in values:
                raise TdsError(8178, f"The parameterized query expects the parameter '@{name}', which was not supplied.")
        self._variables = values
        self._run(text, answer)

    def transaction(self, kind: int, name: str | None, isolation: int, answer: Answer) -> None:
        """A transaction request of the client's own."""
        self._answer = answer
        levels = {1: "READ UNCOMMITTED", 2: "READ COMMITTED", 3: "REPEATABLE READ", 4: "SERIALIZABLE", 5: "SNAPSHOT"}
        try:
            if kind == 5:
                self.isolation = levels.get(isolation, self.isolation)
                self._begin(name)
            elif kind == 7:
                self._commit()
            elif kind == 8:
                self._rollback(name)
            elif kind == 9:
                self._save(name or "")
            else:
                raise unsupported("distributed transactions")
        except TdsError as error:
            self._tell(error)
        except psycopg.Error as error:
            self._tell(self._failed(error))

    def _run(self, text: str, answer: Answer) -> None:
        self._answer = answer
        self._caught = []
        try:
            try:
                self._all(parse(text))
            except TdsError as error:
                self._stop(error)
        except Ended:
            pass
        except Leave:
            self._tell(TdsError(135, "Cannot use a BREAK or CONTINUE statement outside the scope of a WHILE statement.", 15))
        if self._doomed:
            self._rollback(None)
            self._tell(TdsError(3998, "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back."))

    def _tell(self, error: TdsError) -> None:
        self._error = error.number
        self._answer.error(error.number, str(error), error.severity, error.state)

    def _all(self, nodes: list) -> None:
        for node in nodes:
            self._one(node)

    def _one(self, node) -> None:
        if self.cancelled.is_set():
            raise Cancelled
        if isinstance(node, Block):
            self._all(node.body)
        elif isinstance(node, If):
            self._branch(node)
        elif isinstance(node, Try):
            self._try(node)
        else:
            try:
                self._statement(node)
                self._error = 0
            except TdsError as error:
                self._stop(error)

    def _stop(self, error: TdsError) -> None:
        """An error outside TRY: told, and the batch goes on or not."""
        if self._tries:
            raise error
        self._tell(error)
        if error.ends == "session":
            self.killed = True
            raise Ended
        if error.ends == "transaction" or (self._xact_abort and self._trancount):
            if self._trancount:
                self._rollback(None)
            raise Ended
        if error.ends == "batch" or self._xact_abort:
            raise Ended

    _tries = 0

    def _try(self, node: Try) -> None:
        self._tries += 1
        try:
            self._all(node.body)
            return
        except TdsError as reason:
            error = reason
        finally:
            self._tries -= 1
        if error.ends == "session":
            self._tell(error)
            self.killed = True
            raise Ended
        if self._trancount:
            if error.ends == "transaction":
                self._rollback(None)
            elif self._xact_abort:
                self._doomed = True
        self._error = error.number
        self._caught.append(error)
        try:
            self._all(node.handler)
        finally:
            self._caught.pop()

    def _branch(self, node: If) -> None:
        while True:
            try:
                holds = self._scalar(f"CASE WHEN {node.condition} THEN 1 ELSE 0 END", "IF")
            except TdsError as error:
                self._stop(error)
                return
            if holds:
                try:
                    self._one(node.then)
                except Leave as leave:
                    if not node.loop:
                        raise
                    if leave.args[0]:
                        return
                if node.loop:
                    continue
            elif node.other is not None:
                self._one(node.other)
            return

    # ----- one statement

    def _statement(self, statement: Statement) -> None:
        words = statement.words
        words.at = 0
        verb = self.verb = statement.verb
        if self._doomed and verb not in {"ROLLBACK", "SELECT", "IF", "SET", "PRINT", "THROW", "DECLARE", "RAISERROR"}:
            raise TdsError(3930, "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.")
        method = getattr(self, "_do_" + verb.lower(), None)
        if method is None:
            raise unsupported(verb)
        words.at = 1
        method(words, statement)

    def _do_select(self, words: Words, statement: Statement) -> None:
        text = statement.text
        into = _into(words)
        if into is not None:
            self._select_into(*into)
            return
        self._answered(self._plan("SELECT", text, lambda t: t.select(text)))

    def _do_with(self, words: Words, statement: Statement) -> None:
        start, end = words.until("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE")
        verb = words.peek()
        if verb == "SELECT":
            self._do_select(words, statement)
            return
        if verb not in {"INSERT", "UPDATE", "DELETE"}:
            raise unsupported(f"WITH … {verb}")
        ctes = words.text(0, end)
        self.verb = verb
        words.at += 1
        self._change(verb, words, statement.text, ctes)

    def _do_insert(self, words: Words, statement: Statement) -> None:
        self._change("INSERT", words, statement.text)

    def _do_update(self, words: Words, statement: Statement) -> None:
        self._change("UPDATE", words, statement.text)

    def _do_delete(self, words: Words, statement: Statement) -> None:
        self._change("DELETE", words, statement.text)

    def _change(self, verb: str, words: Words, text: str, ctes: str = "") -> None:
        make = {"INSERT": dml.insert, "UPDATE": dml.update, "DELETE": dml.delete}[verb]
        self._answered(self._plan(verb, text, lambda t: make(words, t.scope, ctes)[0]))

    def _scope(self) -> Scope:
        kinds = {name: kind for name, (kind, _) in self._variables.items()}
        return Scope(self.database, self.collation, kinds, self.server.system)

    def _plan(self, verb: str, text: str, make) -> tuple[str, list[tuple[str, str]], Translated]:
        scope = self._scope()
        wanted = (verb, text, self.collation, tuple(sorted((n, k) for n, k in scope.parameters.items())))

        def whole():
            made = make(Translator(scope))
            return (*_placeholders(made.sql), made)

        return self.server.plans.get(wanted, self.database, whole)

    def _answered(self, plan) -> None:
        sql, names, made = plan
        if self.isolation == "SNAPSHOT" and not self._snapshot_allowed():
            raise TdsError(3952, f"Snapshot isolation transaction failed accessing database '{self.database}' because snapshot isolation is not allowed in this database. Use ALTER DATABASE to allow snapshot isolation.", ends="transaction")
        cursor = self._execute(sql, names)
        self._rowcount = max(cursor.rowcount, 0)
        if cursor.description is None:
            self._answer.statement(None if self._nocount else self._rowcount, _COMMANDS.get(made.verb, 0))
            return
        rows = cursor.fetchall()
        if made.assigns:
            for row in rows[-1:]:
                for name, value in zip(made.assigns, row):
                    self._assign(name, value)
            return
        columns, kinds = self._columns(cursor, made, rows)
        try:
            self._answer.rows(columns, kinds, rows)
        except OverflowError:
            raise TdsError(8115, "Arithmetic overflow error converting expression to data type int.") from None
        self._answer.statement(self._rowcount, _COMMANDS.get(made.verb, 0))

    def _columns(self, cursor, made: Translated, rows, described: bool = False) -> tuple[list[str], list[SqlType | None]]:
        """Names and types of a result; when only described, a number whose scale its values tell has no type."""
        result = cursor.pgresult
        origins = [(result.ftable(i), result.ftablecol(i)) for i in range(result.nfields)]
        wanted = {origin for origin in origins if origin[0]}
        known = self.server.notes.of(self.pg, wanted) if wanted else {}
        names, kinds = [], []
        for i, origin in enumerate(origins):
            said = made.columns[i] if made.columns is not None and i < len(made.columns) else None
            column = known.get(origin)
            kind = said[1] if said is not None else None
            description = cursor.description[i]
            if kind is SUM:
                kind = SqlType("int") if description.type_code in (20, 23) else None
            if kind is None and column is not None and column.type is not None:
                kind = replace(column.type, not_null=False) if made.outer else column.type
            if kind is None:
                modifier = result.fmod(i)
                precision = description.precision
                if description.type_code in (1114, 1184, 1083):
                    precision = modifier if modifier >= 0 else None
                size = modifier - 4 if description.type_code in (1042, 1043) and modifier > 4 else None
                kind = of_pg(description.type_code, precision, description.scale, size, [row[i] for row in rows])
                if described and description.type_code == 1700 and precision is None:
                    kind = None
            if kind is not None and kind.name in CHARACTER and kind.collation is None:
                kind = kind.collated(self.collation)
            names.append(said[0] if said is not None else column.name if column is not None else description.name)
            kinds.append(kind)
        return names, kinds

    def _scalar(self, text: str, verb: str = "SELECT"):
        self.verb = verb
        sql, names, _ = self._plan("=", text, lambda t: Translated("SELECT " + t.expression(text), verb))
        return self._execute(sql, names).fetchone()[0]

    # ----- PostgreSQL

    def _execute(self, sql: str, names: list[tuple[str, str]] | None = None):
        """Runs a statement, under a savepoint in a transaction: SQL Server's errors leave it open."""
        values = {place: self._value(name) for place, name in names} if names else None
        self._apply()
        guarded = self._trancount > 0
        try:
            if guarded:
                self.pg.execute("SAVEPOINT tds_statement")
            cursor = self.pg.execute(sql, values)
            if guarded:
                self.pg.execute("RELEASE SAVEPOINT tds_statement")
            return cursor
        except psycopg.Error as error:
            raise self._failed(error, guarded) from None

    def _failed(self, error: psycopg.Error, guarded: bool = False) -> TdsError:
        if self.cancelled.is_set():
            raise Cancelled from None
        if self.pg.closed or self.pg.broken:
            return TdsError(596, "Cannot continue the execution because the session is in the kill state.", 21, ends="session")
        if guarded and self.pg.info.transaction_status == pq.TransactionStatus.INERROR:
            self.pg.execute("ROLLBACK TO SAVEPOINT tds_statement")
            self._applied.clear()
        if isinstance(error, psycopg.DataError) and error.sqlstate is None:
            return TdsError(8114, f"Error converting data type: {error}")
        return translate(error, self)

    def _apply(self) -> None:
        """Settings that PostgreSQL forgets when it rolls back."""
        timeout = "0" if self._lock_timeout < 0 else str(max(self._lock_timeout, 1))
        wanted = {"lock_timeout": timeout, "datestyle": f"ISO, {self._date_format}"}
        for name, value in wanted.items():
            if self._applied.get(name, self.server.initial[name]) != value:
                self.pg.execute(f"SET {name} = '{value}'")
        self._applied.update(wanted)

    def _value(self, name: str):
        if not name.startswith("@"):
            value = self._variables[name][1]
            # A bit is a number here, as in T-SQL.
            return int(value) if isinstance(value, bool) else value
        name = name[1:]
        if name.startswith("server."):
            return self.server.properties().get(name[7:])
        caught = self._caught[-1] if self._caught else None
        if name.startswith("error_"):
            if caught is None:
                return None
            shown = {"error_number": caught.number, "error_message": str(caught), "error_severity": caught.severity}
            return (shown | {"error_state": caught.state, "error_line": 1}).get(name)
        return {
            "rowcount": self._rowcount,
            "trancount": self._trancount,
            "xact_state": -1 if self._doomed else 1 if self._trancount else 0,
            "spid": self.spid,
            "error": self._error,
            "lock_timeout": self._lock_timeout,
            "version": self.server.version_text,
            "servername": self.server.settings.name,
            "servicename": "MSSQLSERVER",
            "language": "us_english",
            "datefirst": 7,
            "nestlevel": 0,
            "options": 5496,
            "max_precision": 38,
            "microsoftversion": self.server.version.major << 24,
            "textsize": 2147483647,
            "db_name": self.database,
            "suser_sname": self.login.user_name,
            "suser_name": self.login.user_name,
            "original_login": self.login.user_name,
            "system_user": self.login.user_name,
            "user_name": "dbo",
            "current_user": "dbo",
            "schema_name": "dbo",
            "host_name": self.login.host_name,
            "app_name": self.login.app_name,
        }.get(name)

    def constraint(self, schema: str | None, table: str, name: str) -> str | None:
        """What a unique index is: 'p' a primary key, 'u' a constraint's, None a bare index (2601, not 2627)."""
        row = self._look(
            "SELECT k.contype FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s AND k.conname = %s",
            [schema, table, name],
        )
        return row[0] if row else None

    def written(self, schema: str | None, table: str | None, column: str | None = None, constraint: str | None = None) -> str:
        """A table's, column's or constraint's name as it was created."""
        found = "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        given = [schema, table]
        if constraint is not None:
            found += (
                " LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.conname = %s"
                " LEFT JOIN pg_class AS i ON i.relnamespace = n.oid AND i.relname = %s"
                " JOIN pg_description AS d ON (d.classoid = 'pg_constraint'::regclass AND d.objoid = k.oid)"
                " OR (d.classoid = 'pg_class'::regclass AND d.objoid = i.oid AND d.objsubid = 0)"
            )
            given = [constraint, constraint, *given]
        elif column is not None:
            found += (
                " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = %s"
                " JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = a.attnum"
            )
            given = [column, *given]
        else:
            found += " JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0"
        row = self._look(f"SELECT d.description::json ->> 'n' {found} WHERE n.nspname = %s AND c.relname = %s", given)
        return row[0] if row and row[0] else constraint or column or table or "?"

    def _look(self, sql: str, given: list):
        """A look at the catalogue on the way to an error's text; a transaction that is lost tells nothing."""
        if self.pg.info.transaction_status == pq.TransactionStatus.INERROR:
            return None
        try:
            return self.pg.execute(sql, given).fetchone()
        except psycopg.Error:
            return None

    def shown(self, name: str) -> str:
        """A name of PostgreSQL as a client knows it."""
        parts = name.removeprefix("db:").split(".")
        return "dbo." + parts[-1] if len(parts) == 2 and parts[0] == key(self.database) else ".".join(parts)

    def truncation(self, table: str, column: str) -> TdsError:
        """2628 from SQL Server 2019 on, 8152 before."""
        if self.server.version.major >= 15:
            return TdsError(2628, f"String or binary data would be truncated in table '{self.database}.dbo.{table}', column '{column}'. Truncated value: ''.", ends="statement")
        return TdsError(8152, "String or binary data would be truncated.", 16, 14, ends="statement")

    # ----- transactions

    def _begin(self, name: str | None) -> None:
        if self._trancount == 0:
            level = {"SNAPSHOT": "REPEATABLE READ", "READ UNCOMMITTED": "READ COMMITTED"}.get(self.isolation, self.isolation)
            self.pg.execute(f"BEGIN ISOLATION LEVEL {level}")
            self._outer_name = key(name) if name else None
            self._descriptor += 1
            self._answer.change(BEGIN_TRAN, (self._descriptor << 8 | 1).to_bytes(8, "little"))
        self._trancount += 1

    def _commit(self) -> None:
        if self._trancount == 0:
            raise TdsError(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        if self._trancount > 1:
            self._trancount -= 1
            return
        try:
            self.pg.execute("COMMIT")
        except psycopg.Error as error:
            self._over(ROLLBACK_TRAN)
            raise self._failed(error) from None
        self._over(COMMIT_TRAN)

    def _rollback(self, name: str | None) -> None:
        if self._trancount == 0:
            raise TdsError(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        if name is not None and key(name) != self._outer_name:
            try:
                self.pg.execute(f"ROLLBACK TO SAVEPOINT {quote('save ' + key(name))}")
            except psycopg.Error:
                self.pg.execute("ROLLBACK")
                self._over(ROLLBACK_TRAN)
                raise TdsError(3908, f"Cannot roll back {name}. No transaction or savepoint of that name was found.") from None
            self._applied.clear()
            return
        try:
            self.pg.execute("ROLLBACK")
        except psycopg.Error as error:
            self._over(ROLLBACK_TRAN)
            raise self._failed(error) from None
        self._over(ROLLBACK_TRAN)

    def _over(self, kind: int) -> None:
        self._trancount, self._doomed, self._outer_name = 0, False, None
        self._applied.clear()
        self._answer.change(kind, b"", (self._descriptor << 8 | 1).to_bytes(8, "little"))

    def _save(self, name: str) -> None:
        if self._trancount == 0:
            raise TdsError(628, "Cannot issue SAVE TRANSACTION when there is no active transaction.")
        self.pg.execute(f"SAVEPOINT {quote('save ' + key(name))}")

    def _do_begin(self, words: Words, statement: Statement) -> None:
        words.take("DISTRIBUTED") and _raise(unsupported("distributed transactions"))
        words.take("TRAN") or words.expect("TRANSACTION")
        self._begin(None if words.done or words.peek() == "WITH" else words.name())
        self._answer.statement(None, 0xD4)

    def _do_commit(self, words: Words, statement: Statement) -> None:
        if self._doomed:
            raise TdsError(3930, "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.")
        self._commit()
        self._answer.statement(None, 0xD5)

    def _do_rollback(self, words: Words, statement: Statement) -> None:
        words.take("TRAN") or words.take("TRANSACTION") or words.take("WORK")
        self._rollback(None if words.done else words.name())
        self._answer.statement(None, 0xD2)

    def _do_save(self, words: Words, statement: Statement) -> None:
        words.take("TRAN") or words.expect("TRANSACTION")
        self._save(words.name())
        self._answer.statement(None, 0xD6)

    def _snapshot_allowed(self) -> bool:
        row = self.pg.execute("SELECT snapshot FROM tds.databases_all WHERE key = %s", [key(self.database)]).fetchone()
        return bool(row and row[0])

    # ----- settings and variables

    def _do_set(self, words: Words, statement: Statement) -> None:
        if words.peek() == "@":
            words.at += 1
            name = key(words.name())
            operator = ""
            if words.peek() in {"+", "-", "*", "/"}:
                operator = words.peek()
                words.at += 1
            elif words.peek() in {"+=", "-=", "*=", "/="}:
                operator = words.peek()[0]
                words.at += 1
            if operator == "" or words.peek() == "=":
                if not words.take("="):
                    if operator == "":
                        raise syntax(words.near())
            text = words.text(words.at, len(words.items))
            self._assign(name, self._scalar(f"@{name} {operator} ({text})" if operator else text, "SET"))
            return
        if words.take("TRANSACTION", "ISOLATION", "LEVEL"):
            level = words.text(words.at, len(words.items)).upper()
            if level not in {"READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SNAPSHOT", "SERIALIZABLE"}:
                raise syntax(level)
            self.isolation = level
            return
        if words.take("LOCK_TIMEOUT"):
            self._lock_timeout = words.number()
            return
        if words.take("IDENTITY_INSERT"):
            name = ddl.table_name(words, self._scope())
            if not words.take("ON"):
                words.expect("OFF")
                self._restart_identity(name)
            return
        if words.take("DATEFORMAT"):
            order = words.name().upper()
            self._date_format = {"MDY": "MDY", "DMY": "DMY", "YMD": "YMD"}.get(order) or _raise(syntax(order))
            return
        if words.take("LANGUAGE"):
            french = words.items[words.at].text.lower() in {"french", "français", "german", "deutsch", "italian", "british"}
            self._date_format = "DMY" if french else "MDY"
            return
        start = words.at
        words.until("ON", "OFF")
        option = words.text(start, words.at).upper()
        on = words.peek() == "ON"
        if "XACT_ABORT" in option:
            self._xact_abort = on
        elif "NOCOUNT" in option:
            self._nocount = on
        elif "IMPLICIT_TRANSACTIONS" in option and on:
            raise unsupported("SET IMPLICIT_TRANSACTIONS ON")
        elif not words.done and option.split(",")[0].strip() not in _SILENT:
            raise TdsError(195, f"'{option}' is not a recognized SET option.", 15, 5)
        elif words.done and option.split()[0:1] not in [["DEADLOCK_PRIORITY"], ["TEXTSIZE"], ["ROWCOUNT"], ["DATEFIRST"], ["CONTEXT_INFO"], ["QUERY_GOVERNOR_COST_LIMIT"]]:
            raise syntax(option)

    def _restart_identity(self, name: ddl.Name) -> None:
        """After explicit values the next one follows the greatest, as SQL Server counts."""
        row = self._execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(" + ddl.literal(name.pg) + ") AND attidentity <> ''"
        ).fetchone()
        if row is not None:
            self._execute(
                f"SELECT setval(pg_get_serial_sequence({ddl.literal(name.pg)}, {ddl.literal(row[0])}),"
                f" greatest((SELECT max({quote(row[0])}) FROM {name.pg}), 1), (SELECT count(*) > 0 FROM {name.pg}))"
            )

    def _do_declare(self, words: Words, statement: Statement) -> None:
        while not words.done:
            words.expect("@")
            name = key(words.name())
            words.take("AS")
            if words.peek() == "TABLE":
                raise unsupported("table variables")
            kind = ddl.read_type(words)
            if kind.name in CHARACTER:
                kind = kind.collated(self.collation)
            self._variables[name] = (kind, None)
            if words.take("="):
                start, end = words.until(",")
                self._assign(name, self._scalar(words.text(start, end), "SET"))
            if not words.done:
                words.expect(",")

    def _assign(self, name: str, value) -> None:
        name = key(name)
        if name not in self._variables:
            raise TdsError(137, f'Must declare the scalar variable "@{name}".', 15, 1)
        kind = self._variables[name][0]
        if value is not None:
            # Through a CAST, which says how a value fits a type.
            self._variables[name] = (kind, value)
            text = f"CAST(@{name} AS {kind.text()})"
            source = SqlType("nvarchar", -1, collation=self.collation) if isinstance(value, str) else None
            scope = replace_scope(self._scope(), name, source or _kind_of(value) or kind)
            sql, names = _placeholders("SELECT " + Translator(scope).expression(text))
            value = self._execute(sql, names).fetchone()[0]
        self._variables[name] = (kind, value)

    def _fit(self, kind: SqlType, value):
        """A parameter's value in its declared type: texts are cut at their length, as SQL Server does."""
        if isinstance(value, str) and kind.name in CHARACTER and kind.length not in (None, -1):
            return value[: kind.length]
        if isinstance(value, str) and kind.name not in CHARACTER:
            return value
        return value

    # ----- the rest

    def _do_print(self, words: Words, statement: Statement) -> None:
        text = self._scalar(f"CAST({words.text(1, len(words.items))} AS nvarchar(4000))", "PRINT")
        self._answer.message(0, text if text is not None else "")

    def _do_use(self, words: Words, statement: Statement) -> None:
        old = self.database
        name, _ = self.enter(words.name())
        self._answer.change(1, name, old)
        self._answer.message(5701, f"Changed database context to '{name}'.")

    def _do_waitfor(self, words: Words, statement: Statement) -> None:
        words.expect("DELAY")
        wait = self._scalar(words.text(words.at, len(words.items)), "WAITFOR")
        match = re.fullmatch(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)", str(wait).strip())
        if match is None:
            raise TdsError(148, f"Incorrect time syntax in time string '{wait}' used with WAITFOR.", 15)
        seconds = int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])
        self._execute(f"SELECT pg_sleep({seconds})")

    def _do_return(self, words: Words, statement: Statement) -> None:
        raise Ended

    def _do_break(self, words: Words, statement: Statement) -> None:
        raise Leave(True)

    def _do_continue(self, words: Words, statement: Statement) -> None:
        raise Leave(False)

    def _do_throw(self, words: Words, statement: Statement) -> None:
        if words.done or words.peek() == ";":
            if not self._caught:
                raise TdsError(10704, "To rethrow an error, a THROW statement must be used inside a CATCH block.", 15)
            raise self._caught[-1]
        parts = []
        while not words.done:
            start, end = words.until(",")
            parts.append(self._scalar(words.text(start, end), "THROW"))
            words.take(",")
        raise TdsError(int(parts[0]), str(parts[1]), 16, int(parts[2]))

    def _do_raiserror(self, words: Words, statement: Statement) -> None:
        start, end = words.group()
        inner, parts = words.part(start, end), []
        while not inner.done:
            a, b = inner.until(",")
            parts.append(self._scalar(inner.text(a, b), "RAISERROR"))
            inner.take(",")
        text = str(parts[0])
        for value in parts[3:]:
            text = re.sub("%[sdiu]", lambda _: str(value), text, count=1)
        error = TdsError(50000, text, int(parts[1]), int(parts[2]), ends="statement")
        if error.severity <= 10:
            self._answer.message(0, text)
            return
        if self._tries:
            raise error
        self._tell(error)

    def _do_kill(self, words: Words, statement: Statement) -> None:
        if not self.server.kill(words.number()):
            raise TdsError(6106, "Process ID is not an active process ID.")

    def _do_execute(self, words: Words, statement: Statement) -> None:
        if words.peek() == "(":
            start, end = words.group()
            text = self._scalar(words.text(start, end), "EXECUTE")
        else:
            procedure = words.names()[-1]
            if key(procedure) == "sp_executesql" and "," not in [words.word(i) for i in range(words.at, len(words.items))]:
                text = self._scalar(words.text(words.at, len(words.items)), "EXECUTE")
            elif key(procedure) == "sp_rename":
                self._rename(words)
                return
            elif key(procedure) in {"sp_reset_connection", "sp_updatestats"}:
                return
            else:
                raise TdsError(2812, f"Could not find stored procedure '{procedure}'.", 16, 62)
        outer, self._variables = self._variables, {}
        try:
            self._all(parse(str(text)))
        finally:
            self._variables = outer

    _do_exec = _do_execute

    def _rename(self, words: Words) -> None:
        """sp_rename of a table or a column."""
        given = []
        while not words.done:
            start, end = words.until(",")
            given.append(str(self._scalar(words.text(start, end), "EXECUTE")))
            words.take(",")
        if len(given) not in (2, 3) or (len(given) == 3 and given[2].upper() not in {"COLUMN", "OBJECT"}):
            raise TdsError(15249, "Error: Explicit @objtype is unrecognized.", 11)
        column = len(given) == 3 and given[2].upper() == "COLUMN"
        inner = Words(given[0])
        parts = inner.names()
        last = parts.pop() if column and len(parts) > 1 else None
        name = ddl.Name(parts[-1], self.database, parts[-2] if len(parts) > 1 and parts[-2] else "dbo")
        target = f"COLUMN {name.pg}.{quote(key(last))}" if last else f"TABLE {name.pg}"
        row = self._execute(
            "SELECT d.description FROM pg_description AS d JOIN pg_attribute AS a ON a.attrelid = d.objoid AND a.attname = "
            f"{ddl.literal(key(last or ''))} AND a.attnum = d.objsubid WHERE d.classoid = 'pg_class'::regclass AND d.objoid = to_regclass({ddl.literal(name.pg)})"
            if last
            else f"SELECT description FROM pg_description WHERE classoid = 'pg_class'::regclass AND objsubid = 0 AND objoid = to_regclass({ddl.literal(name.pg)})"
        ).fetchone()
        if row is None:
            raise TdsError(15248, f"Either the parameter @objname is ambiguous or the claimed @objtype ({'COLUMN' if column else 'OBJECT'}) is wrong.", 11)
        note = ddl.literal(json.dumps(json.loads(row[0]) | {"n": given[1]}, ensure_ascii=False))
        new = quote(key(given[1]))
        if last:
            target = f"COLUMN {name.pg}.{new}"
            self._several([f"ALTER TABLE {name.pg} RENAME COLUMN {quote(key(last))} TO {new}", f"COMMENT ON {target} IS {note}"])
            self._round_again(name)
        else:
            where = quote(schema_of(name.database, name.schema))
            self._several([f"ALTER TABLE {name.pg} RENAME TO {new}", f"COMMENT ON TABLE {where}.{new} IS {note}"])

    def _do_truncate(self, words: Words, statement: Statement) -> None:
        words.expect("TABLE")
        self._execute(f"TRUNCATE TABLE {ddl.table_name(words, self._scope()).pg} RESTART IDENTITY")
        self._answer.statement(None, 0xC7)

    def _do_create(self, words: Words, statement: Statement) -> None:
        if words.take("DATABASE"):
            self._create_database(words)
        elif words.take("TABLE"):
            _, made = ddl.create_table(words, self._scope())
            self._several(made)
        elif words.take("SCHEMA"):
            name = words.name()
            pg = schema_of(self.database, name)
            sql = f"INSERT INTO tds.schemas VALUES ({', '.join(map(ddl.literal, (pg, key(self.database), name)))})"
            self._several([f"CREATE SCHEMA {quote(pg)}", sql])
        elif words.take("VIEW"):
            self._create_view(words, statement)
        elif words.peek() in {"UNIQUE", "INDEX", "CLUSTERED", "NONCLUSTERED"}:
            self._several(ddl.create_index(words, self._scope()))
        else:
            raise unsupported(f"CREATE {words.peek()}")
        self._answer.statement(None, 0xC6)

    def _several(self, statements: list[str]) -> None:
        """Statements that are one: all of them or none."""
        guarded = self._trancount > 0
        self._apply()
        try:
            self.pg.execute("SAVEPOINT tds_statement" if guarded else "BEGIN")
            # All in one message: a table has a comment for each of its columns.
            if statements:
                self.pg.execute(";\n".join(statements))
            self.pg.execute("RELEASE SAVEPOINT tds_statement" if guarded else "COMMIT")
        except psycopg.Error as error:
            if not guarded and not self.pg.broken and not self.pg.closed:
                self.pg.execute("ROLLBACK")
            raise self._failed(error, guarded) from None
        finally:
            self.server.notes.forget()

    def _create_view(self, words: Words, statement: Statement) -> None:
        scope = self._scope()
        name = ddl.table_name(words, scope)
        listed, listed_as = [], []
        if words.peek() == "(":
            start, end = words.group()
            inner = words.part(start, end)
            while not inner.done:
                listed_as.append(inner.name())
                inner.take(",")
            listed = [quote(key(column)) for column in listed_as]
        while words.peek() == "WITH":
            words.until("AS")
        words.expect("AS")
        text = words.text(words.at, len(words.items)).rstrip().rstrip(";")
        made = Translator(scope).select(text)
        sql, names = _placeholders(made.sql)
        if names:
            raise TdsError(4506, "A view cannot use parameters or session functions here.")
        cursor = self._execute(f"SELECT * FROM ({sql}) AS q LIMIT 0".replace("%%", "%"))
        written, kinds = self._columns(cursor, made, [], described=True)
        columns = listed or [quote(key(column)) for column in written]
        statements = [f"CREATE VIEW {name.pg} ({', '.join(columns)}) AS {sql.replace('%%', '%')}"]
        statements.append(f"COMMENT ON VIEW {name.pg} IS {ddl.literal(json.dumps({'n': name.written}, ensure_ascii=False))}")
        for n, kind in enumerate(kinds):
            shown = listed_as[n] if listed else written[n]
            text = ddl.literal(ddl.note(shown, kind and replace(kind, not_null=False)))
            statements.append(f"COMMENT ON COLUMN {name.pg}.{columns[n]} IS {text}")
        self._several(statements)

    def _select_into(self, text: str, name: ddl.Name) -> None:
        name.database = name.database or self.database
        plan_sql, names, made = self._plan("SELECT", text, lambda t: t.select(text))
        cursor = self._execute(f"SELECT * FROM ({plan_sql}) AS q LIMIT 0", names)
        written, kinds = self._columns(cursor, made, [], described=True)
        kinds = [kind or SqlType("numeric", None, 38, 10) for kind in kinds]
        columns = [f"{quote(key(column))} {kind.pg(column=True)}" for column, kind in zip(written, kinds)]
        temporary = "TEMPORARY " if name.temporary else ""
        statements = [f"CREATE {temporary}TABLE {name.pg} ({', '.join(columns)})"]
        statements.append(f"COMMENT ON TABLE {name.pg} IS {ddl.literal(json.dumps({'n': name.written}, ensure_ascii=False))}")
        for column, kind in zip(written, kinds):
            statements.append(f"COMMENT ON COLUMN {name.pg}.{quote(key(column))} IS {ddl.literal(ddl.note(column, replace(kind, not_null=False)))}")
        self._several(statements)
        cursor = self._execute(f"INSERT INTO {name.pg} {plan_sql}", names)
        self._rowcount = cursor.rowcount
        self._answer.statement(self._rowcount, 0xC1)

    def _do_alter(self, words: Words, statement: Statement) -> None:
        if words.take("DATABASE"):
            self._alter_database(words)
        elif words.take("TABLE"):
            name, made, changed = ddl.alter_table(words, self._scope())
            self._several(made)
            if changed:
                self._round_again(name)
        else:
            raise unsupported(f"ALTER {words.peek()}")
        self._answer.statement(None, 0xD8)

    def _round_again(self, name: ddl.Name) -> None:
        rows = self._execute(
            "SELECT d.description FROM pg_description AS d JOIN pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid"
            f" WHERE d.classoid = 'pg_class'::regclass AND NOT a.attisdropped AND d.objoid = to_regclass({ddl.literal(name.pg)}) AND d.objsubid > 0"
        ).fetchall()
        columns = [(data["n"], data["t"]) for data in (json.loads(row[0]) for row in rows)]
        statements = ddl.rounding(name, columns)
        if statements:
            self._several(statements)
        else:
            self._several([f"DROP TRIGGER IF EXISTS tds_round ON {name.pg}"])

    def _do_drop(self, words: Words, statement: Statement) -> None:
        if words.take("DATABASE"):
            self._drop_database(words)
        elif words.take("SCHEMA"):
            exists = words.take("IF", "EXISTS")
            pg = schema_of(self.database, words.name())
            sql = f"DROP SCHEMA {'IF EXISTS ' if exists else ''}{quote(pg)}"
            self._several([sql, f"DELETE FROM tds.schemas WHERE key = {ddl.literal(pg)}"])
        else:
            for sql, name, kind in ddl.drop(words, self._scope()):
                if kind == "TABLE" and self._referenced(name):
                    raise TdsError(3726, f"Could not drop object '{name.written}' because it is referenced by a FOREIGN KEY constraint.")
                try:
                    # Views on it go with it: PostgreSQL keeps none that reads from nothing.
                    self._several([sql + " CASCADE" if kind != "INDEX" else sql])
                except TdsError as error:
                    if error.number == 208 or "does not exist" in str(error):
                        raise TdsError(3701, f"Cannot drop the {kind.lower()} '{name.written}', because it does not exist or you do not have permission.", 11, 5) from None
                    raise
        self._answer.statement(None, 0xC7)

    def _referenced(self, name: ddl.Name) -> bool:
        row = self._execute(
            f"SELECT 1 FROM pg_constraint WHERE contype = 'f' AND confrelid = to_regclass({ddl.literal(name.pg)}) AND conrelid <> confrelid"
        ).fetchone()
        return row is not None

    # ----- databases

    def _create_database(self, words: Words) -> None:
        name = words.name()
        collation = self.server.settings.collation
        while not words.done:
            if words.take("COLLATE"):
                collation = words.name()
                if not KNOWN_COLLATION.match(collation):
                    raise TdsError(448, f"Invalid collation '{collation}'.")
            else:
                words.at += 1
        if self.pg.execute("SELECT 1 FROM tds.databases_all WHERE key = %s", [key(name)]).fetchone():
            raise TdsError(1801, f"Database '{name}' already exists. Choose a different database name.", 16, 3)
        if self._trancount:
            raise TdsError(226, "CREATE DATABASE statement not allowed within multi-statement transaction.", 16, 6)
        values = ", ".join(map(ddl.literal, (key(name), name, collation)))
        pg = schema_of(name, None)
        self._several(
            [
                f"INSERT INTO tds.databases (key, name, collation_name) VALUES ({values})",
                f"CREATE SCHEMA {quote(pg)}",
                f"INSERT INTO tds.schemas VALUES ({ddl.literal(pg)}, {ddl.literal(key(name))}, 'dbo')",
            ]
        )

    def _alter_database(self, words: Words) -> None:
        name = words.name()
        if key(name) == "current":
            name = self.database
        database = key(name)
        if not self.pg.execute("SELECT 1 FROM tds.databases_all WHERE key = %s", [database]).fetchone():
            raise TdsError(5011, f"User does not have permission to alter database '{name}', the database does not exist, or the database is not in a state that allows access checks.", 14, 5)
        if words.take("COLLATE"):
            self.pg.execute("UPDATE tds.databases SET collation_name = %s WHERE key = %s", [words.name(), database])
            return
        words.expect("SET")
        option = words.name().upper()
        column = {"ALLOW_SNAPSHOT_ISOLATION": "snapshot", "READ_COMMITTED_SNAPSHOT": "read_committed_snapshot"}.get(option)
        if column:
            on = words.take("ON")
            self.pg.execute(f"UPDATE tds.databases SET {column} = %s WHERE key = %s", [on, database])
        elif option in {"SINGLE_USER", "RESTRICTED_USER", "OFFLINE"}:
            self.server.clear(database, self)

    def _drop_database(self, words: Words) -> None:
        exists = words.take("IF", "EXISTS")
        while not words.done:
            name = words.name()
            if not self.pg.execute("SELECT 1 FROM tds.databases WHERE key = %s", [key(name)]).fetchone():
                if not exists:
                    raise TdsError(3701, f"Cannot drop the database '{name}', because it does not exist or you do not have permission.", 11)
            elif self.server.in_use(key(name)):
                raise TdsError(3702, f'Cannot drop database "{name}" because it is currently in use.', 16, 3)
            else:
                rows = self.pg.execute("SELECT key FROM tds.schemas WHERE database = %s", [key(name)]).fetchall()
                self._several(
                    [f"DROP SCHEMA {quote(row[0])} CASCADE" for row in rows]
                    + [
                        f"DELETE FROM tds.schemas WHERE database = {ddl.literal(key(name))}",
                        f"DELETE FROM tds.databases WHERE key = {ddl.literal(key(name))}",
                    ]
                )
            if not words.done:
                words.expect(",")


def _raise(error: Exception):
    raise error


_SILENT = {
    "ANSI_NULLS", "ANSI_PADDING", "ANSI_WARNINGS", "ANSI_DEFAULTS", "ANSI_NULL_DFLT_ON", "ANSI_NULL_DFLT_OFF", "ARITHABORT",
    "ARITHIGNORE", "CONCAT_NULL_YIELDS_NULL", "CURSOR_CLOSE_ON_COMMIT", "NUMERIC_ROUNDABORT", "QUOTED_IDENTIFIER",
    "IMPLICIT_TRANSACTIONS", "STATISTICS IO", "STATISTICS TIME", "FORCEPLAN", "NOEXEC", "FMTONLY", "REMOTE_PROC_TRANSACTIONS",
}  # fmt: skip


def _placeholders(sql: str) -> tuple[str, list[tuple[str, str]]]:
    """psycopg's placeholders in place of ours, and what fills each."""
    names: list[tuple[str, str]] = []

    def one(match: re.Match) -> str:
        place = f"p{len(names)}"
        names.append((place, match[1]))
        return f"%({place})s"

    escaped = sql.replace("%", "%%") if "\0" in sql else sql
    return _PLACEHOLDER.sub(one, escaped), names


def _declarations(text: str) -> dict[str, SqlType]:
    """`@P1 nvarchar(4000),@P2 int` of sp_executesql."""
    words, found = Words(text), {}
    while not words.done:
        words.expect("@")
        name = key(words.name())
        words.take("AS")
        start = words.at
        words.names()
        if words.peek() == "(":
            words.group()
        try:
            found[name] = SqlType.parse(words.text(start, words.at))
        except UnknownType as error:
            raise TdsError(2715, f"Column, parameter, or variable @{name}: Cannot find data type {error}.", 16, 3) from None
        words.take("OUTPUT") or words.take("OUT")
        if not words.done:
            words.expect(",")
    return found


def _into(words: Words) -> tuple[str, ddl.Name] | None:
    """SELECT … INTO t FROM …: the SELECT without it, and the table."""
    depth = 0
    for i in range(len(words.items)):
        word = words.word(i)
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0 and word == "INTO":
            words.at = i + 1
            parts = words.names()
            name = ddl.Name(parts[-1], parts[-3] if len(parts) > 2 else "", parts[-2] if len(parts) > 1 and parts[-2] else "dbo")
            return words.text(0, i) + " " + words.text(words.at, len(words.items)), name
    return None


def replace_scope(scope: Scope, name: str, kind: SqlType) -> Scope:
    """The scope with one variable of another type."""
    return replace(scope, parameters={**scope.parameters, name: kind})


def _kind_of(value) -> SqlType | None:
    import datetime
    import decimal
    import uuid

    if isinstance(value, bool):
        return SqlType("bit")
    if isinstance(value, int):
        return SqlType("bigint")
    if isinstance(value, float):
        return SqlType("float")
    if isinstance(value, decimal.Decimal):
        return SqlType("numeric", None, 38, 10)
    if isinstance(value, bytes):
        return SqlType("varbinary", -1)
    if isinstance(value, uuid.UUID):
        return SqlType("uniqueidentifier")
    if isinstance(value, datetime.datetime):
        return SqlType("datetimeoffset" if value.tzinfo else "datetime2", scale=7)
    if isinstance(value, datetime.date):
        return SqlType("date")
    if isinstance(value, datetime.time):
        return SqlType("time", scale=7)
    return None


__all__ = ["Notes", "Plans", "Session", "VARIABLES", "time"]
