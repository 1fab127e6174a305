"""INSERT, UPDATE and DELETE: T-SQL's OUTPUT, TOP and FROM into PostgreSQL's RETURNING and subqueries."""

from __future__ import annotations

from sqlglot import exp

from .batch import Words
from .ddl import Name, table_name
from .errors import TdsError, syntax, unsupported
from .translate import Scope, Translated, Translator, key, parse, quote, schema_of


class Change:
    """One changing statement in the making."""

    def __init__(self, words: Words, scope: Scope, ctes: str = "") -> None:
        self.words, self.scope = words, scope
        self.prefix = ""
        self.translator = Translator(scope)
        self.outputs: list[str] = []
        self.columns = None
        if ctes:
            tree = self.translator.rewrite(parse(f"{ctes} SELECT 1"))
            self.prefix = self.translator.text(tree)[: -len("SELECT 1")]

    def done(self, sql: str, verb: str) -> Translated:
        returning = f" RETURNING {', '.join(self.outputs)}" if self.outputs else ""
        return Translated(self.prefix + sql + returning, verb, self.columns)

    def top(self) -> str | None:
        """TOP (n) or TOP n."""
        words = self.words
        if not words.take("TOP"):
            return None
        if words.peek() == "(":
            start, end = words.group()
            text = words.text(start, end)
        else:
            text = words.name()
        if words.take("PERCENT"):
            raise unsupported("TOP … PERCENT")
        return self.translator.expression(text)

    def hints(self) -> str:
        """WITH (…) after a table."""
        if self.words.peek() == "WITH" and self.words.peek(1) == "(":
            self.words.at += 1
            start, end = self.words.group()
            return self.words.text(start, end).upper()
        return ""

    def output(self, *ends: str) -> str:
        """The list after OUTPUT, or nothing."""
        if not self.words.take("OUTPUT"):
            return ""
        start, end = self.words.until("INTO", *ends)
        if self.words.peek() == "INTO":
            raise unsupported("OUTPUT … INTO")
        return self.words.text(start, end)

    def returning(self, text: str, inserted: str | None, deleted: dict[str, str] | str | None) -> None:
        """Makes the OUTPUT list PostgreSQL's; `deleted` is an alias, or old values by column."""
        if not text:
            return
        tree = parse(f"SELECT {text}")
        self.columns = self.translator.columns(tree)
        tree = self.translator.rewrite(tree)
        if any(item.is_star for item in tree.expressions) and isinstance(deleted, dict):
            raise unsupported("DELETED.* in an UPDATE")
        for column in tree.find_all(exp.Column):
            table = column.table
            if table == "inserted" and inserted:
                column.set("table", exp.to_identifier(inserted, quoted=True))
            elif table == "deleted" and isinstance(deleted, str):
                column.set("table", exp.to_identifier(deleted, quoted=True))
            elif table == "deleted" and isinstance(deleted, dict):
                column.set("table", exp.to_identifier("tds_new", quoted=True))
                column.set("this", exp.to_identifier(deleted[column.name], quoted=True))
        self.outputs = [self.translator.text(item) for item in tree.expressions]

    def target(self, name: Name, sources: str) -> tuple[Name, str]:
        """The table meant by the name before FROM, and its alias there."""
        tree = parse(f"SELECT 1 FROM {sources}")
        for table in tree.find_all(exp.Table):
            if key(table.alias_or_name) == key(name.written):
                real = Name(
                    ("#" if table.this.args.get("temporary") else "") + table.name,
                    table.catalog or self.scope.database,
                    table.db or "dbo",
                )
                return real, key(table.alias_or_name)
        raise TdsError(208, f"Invalid object name '{name.written}'.")

    def where(self) -> str:
        """The condition after WHERE, translated, or nothing."""
        if not self.words.take("WHERE"):
            return ""
        start, end = self.words.until("OPTION")
        return self.translator.condition(self.words.text(start, end))

    def end(self) -> None:
        """OPTION (…) and nothing more."""
        if self.words.take("OPTION"):
            self.words.group()
        if not self.words.done:
            raise syntax(self.words.near())


def insert(words: Words, scope: Scope, ctes: str = "") -> tuple[Translated, Name]:
    """INSERT, after that word."""
    change = Change(words, scope, ctes)
    if change.top():
        raise unsupported("INSERT TOP")
    words.take("INTO")
    name = table_name(words, scope)
    change.hints()
    columns = ""
    if words.peek() == "(" and words.peek(1) not in {"SELECT", "WITH"}:
        start, end = words.group()
        inner, listed = words.part(start, end), []
        while not inner.done:
            listed.append(quote(key(inner.names()[-1])))
            if not inner.done:
                inner.expect(",")
        columns = f" ({', '.join(listed)})"
    output = change.output("VALUES", "SELECT", "DEFAULT", "(", "EXEC", "EXECUTE", "WITH")
    if words.take("DEFAULT", "VALUES"):
        rows = "DEFAULT VALUES"
    elif words.peek() == "VALUES":
        start, end = words.until("OPTION")
        tree = parse(f"INSERT INTO x {words.text(start, end)}")
        rows = change.translator.text(change.translator.rewrite(tree.expression))
        if isinstance(tree.expression, exp.Subquery) or not rows.upper().startswith("VALUES"):
            rows = rows.strip()
    elif words.peek() in {"SELECT", "("}:
        start, end = words.until("OPTION")
        rows = change.translator.select(words.text(start, end)).sql
    else:
        raise unsupported("INSERT … EXEC")
    change.end()
    change.returning(output, key(name.written), None)
    return change.done(f"INSERT INTO {name.pg} AS {quote(key(name.written))}{columns} {rows}", "INSERT"), name


_OPERATORS = {"=", "+=", "-=", "*=", "/=", "%="}


def update(words: Words, scope: Scope, ctes: str = "") -> tuple[Translated, Name]:
    """UPDATE, after that word."""
    change = Change(words, scope, ctes)
    top = change.top()
    name = table_name(words, scope)
    hints = change.hints()
    words.expect("SET")
    start, end = words.until("OUTPUT", "FROM", "WHERE", "OPTION")
    body, sets = words.part(start, end), []
    while not body.done:
        column = body.names()[-1]
        if column.startswith("@"):
            raise unsupported("UPDATE … SET @variable")
        operator = body.peek()
        body.at += 1
        if operator in {"+", "-", "*", "/", "%"} and body.peek() == "=":
            operator += "="
            body.at += 1
        if operator not in _OPERATORS:
            raise syntax(operator)
        a, b = body.until(",")
        text = body.text(a, b)
        if operator != "=":
            text = f"[{column}] {operator[0]} ({text})"
        sets.append((column, text))
        if not body.done:
            body.expect(",")
    output = change.output("FROM", "WHERE", "OPTION")
    sources = ""
    if words.take("FROM"):
        a, b = words.until("WHERE", "OPTION")
        sources = words.text(a, b)
    alias = key(name.written)
    if sources:
        name, alias = change.target(name, sources)
    condition = change.where()
    change.end()
    old = sorted({key(c.name) for c in parse(f"SELECT {output}").find_all(exp.Column) if key(c.table) == "deleted"}) if output else []
    if not sources and top is None and not old:
        values = [f"{quote(key(column))} = {change.translator.expression(text)}" for column, text in sets]
        change.returning(output, alias, None)
        where = f" WHERE {condition}" if condition else ""
        return change.done(f"UPDATE {name.pg} AS {quote(alias)} SET {', '.join(values)}{where}", "UPDATE"), name
    # The new values, and the old ones that OUTPUT wants, are read from the rows found first.
    picked = [f"{quote(alias)}.ctid AS tds_ctid"]
    values = []
    for n, (column, text) in enumerate(sets):
        tree = change.translator.expression_tree(text)
        value = change.translator.text(tree)
        if tree.find(exp.Column) or tree.find(exp.Subquery):
            picked.append(f"{value} AS tds_v{n}")
            value = f"tds_new.tds_v{n}"
        values.append(f"{quote(key(column))} = {value}")
    deleted = {column: f"tds_o{n}" for n, column in enumerate(old)}
    picked += [f"{quote(alias)}.{quote(column)} AS {as_}" for column, as_ in deleted.items()]
    source = change.translator.sources(sources) if sources else f"{name.pg} AS {quote(alias)}"
    inner = f"SELECT {', '.join(picked)} FROM {source}"
    inner += f" WHERE {condition}" if condition else ""
    inner += f" LIMIT {top}" if top is not None else ""
    inner += f" FOR UPDATE OF {quote(alias)}" + (" SKIP LOCKED" if "READPAST" in hints else "")
    change.returning(output, "tds_target", deleted)
    sql = f"UPDATE {name.pg} AS tds_target SET {', '.join(values)} FROM ({inner}) AS tds_new WHERE tds_target.ctid = tds_new.tds_ctid"
    return change.done(sql, "UPDATE"), name


def delete(words: Words, scope: Scope, ctes: str = "") -> tuple[Translated, Name]:
    """DELETE, after that word."""
    change = Change(words, scope, ctes)
    top = change.top()
    words.take("FROM")
    name = table_name(words, scope)
    hints = change.hints()
    output = change.output("FROM", "WHERE", "OPTION")
    sources = ""
    if words.take("FROM"):
        a, b = words.until("WHERE", "OPTION")
        sources = words.text(a, b)
    alias = key(name.written)
    if sources:
        name, alias = change.target(name, sources)
    condition = change.where()
    change.end()
    where = f" WHERE {condition}" if condition else ""
    if not sources and top is None:
        change.returning(output, None, alias)
        return change.done(f"DELETE FROM {name.pg} AS {quote(alias)}{where}", "DELETE"), name
    source = change.translator.sources(sources) if sources else f"{name.pg} AS {quote(alias)}"
    inner = f"SELECT {quote(alias)}.ctid AS tds_ctid FROM {source}{where}"
    inner += f" LIMIT {top}" if top is not None else ""
    inner += f" FOR UPDATE OF {quote(alias)}" + (" SKIP LOCKED" if "READPAST" in hints else "")
    change.returning(output, None, "tds_target")
    sql = f"DELETE FROM {name.pg} AS tds_target USING ({inner}) AS tds_old WHERE tds_target.ctid = tds_old.tds_ctid"
    return change.done(sql, "DELETE"), name


__all__ = ["delete", "insert", "schema_of", "update"]
