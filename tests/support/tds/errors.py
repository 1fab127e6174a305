"""SQL Server's errors, and which of them PostgreSQL's mean."""

from __future__ import annotations

import re


class TdsError(Exception):
    """An error the client is told. `ends` says what it ends: a statement, the batch, the transaction."""

    def __init__(self, number: int, message: str, severity: int = 16, state: int = 1, ends: str = "batch") -> None:
        super().__init__(message)
        self.number, self.severity, self.state, self.ends = number, severity, state, ends


class Cancelled(Exception):
    """The client sent an attention signal while a statement ran."""


def syntax(near: str) -> TdsError:
    """102: what is written is no T-SQL, or none that the stand-in knows."""
    return TdsError(102, f"Incorrect syntax near '{near}'.", 15)


def unsupported(what: str) -> TdsError:
    """What a SQL Server can do and this stand-in cannot; says so, never answers wrongly."""
    return TdsError(50000, f"The SQL Server stand-in does not know {what}.", 16)


def _names(text: str) -> list[str]:
    return re.findall(r'"((?:[^"]|"")*)"', text)


def translate(error, session) -> TdsError:
    """The SQL Server error for one of PostgreSQL. `session` names the database and the statement's verb."""
    state = error.sqlstate or ""
    diag = error.diag
    text = diag.message_primary or str(error)
    names = _names(text)
    name = names[0] if names else text
    table = session.written(diag.schema_name, diag.table_name) if diag.table_name else "?"
    where = f"{session.database}.dbo.{table}"
    verb = session.verb
    key = diag.constraint_name or "?"
    constraint = session.written(diag.schema_name, diag.table_name, constraint=key) if state.startswith("23") else key
    if state == "42P01":
        return TdsError(208, f"Invalid object name '{session.shown(name)}'.")
    if state == "3F000":
        return TdsError(208, f"Invalid object name '{session.shown(name)}'.")
    if state == "42703":
        name = re.sub(r"^column (\S+) does not exist$", r"\1", text) if not names else name
        return TdsError(207, f"Invalid column name '{name.split('.')[-1]}'.")
    if state == "42702":
        return TdsError(209, f"Ambiguous column name '{name}'.")
    if state == "23505":
        value = re.search(r"=\((.*)\) (already|is dup)", diag.message_detail or "")
        shown = f" The duplicate key value is ({value[1]})." if value else ""
        found = session.constraint(diag.schema_name, diag.table_name, key)
        if found is not None:
            kind = "PRIMARY KEY" if found == "p" else "UNIQUE KEY"
            text = f"Violation of {kind} constraint '{constraint}'. Cannot insert duplicate key in object 'dbo.{table}'."
            return TdsError(2627, text + shown, 14, ends="statement")
        text = f"Cannot insert duplicate key row in object 'dbo.{table}' with unique index '{constraint}'."
        return TdsError(2601, text + shown, 14, ends="statement")
    if state == "23503":
        kind = "REFERENCE" if verb == "DELETE" or "update or delete" in text else "FOREIGN KEY"
        text = f'The {verb} statement conflicted with the {kind} constraint "{constraint}". The conflict occurred in database "{session.database}", table "dbo.{table}".'
        return TdsError(547, text, ends="statement")
    if state == "23514":
        if key.startswith("tds_len_"):
            column = session.written(diag.schema_name, diag.table_name, key[len("tds_len_") :])
            return session.truncation(table, column)
        if key in {"tinyint_check", "bit_check"}:
            return TdsError(220, "Arithmetic overflow error for data type tinyint.", ends="statement")
        text = f'The {verb} statement conflicted with the CHECK constraint "{constraint}". The conflict occurred in database "{session.database}", table "dbo.{table}".'
        return TdsError(547, text, ends="statement")
    if state == "23502":
        column = session.written(diag.schema_name, diag.table_name, diag.column_name)
        text = f"Cannot insert the value NULL into column '{column}', table '{where}'; column does not allow nulls. {verb} fails."
        return TdsError(515, text, ends="statement")
    if state == "22001":
        return session.truncation(table, "?")
    if state == "22003":
        if "smallint" in text:
            return TdsError(220, "Arithmetic overflow error for data type smallint.", ends="statement")
        kind = "int" if "integer" in text else "bigint" if "bigint" in text else "numeric"
        text = f"Arithmetic overflow error converting expression to data type {kind}."
        return TdsError(8115, text, ends="statement")
    if state == "22012":
        return TdsError(8134, "Divide by zero error encountered.", ends="statement")
    if state == "22P02":
        kind = re.search(r"type (\w+)", text)
        kind = {"integer": "int", "double": "float"}.get(kind[1], kind[1]) if kind else "int"
        if kind in {"numeric", "float", "real", "bigint"}:
            return TdsError(8114, f"Error converting data type varchar to {kind}.")
        if kind == "uuid":
            return TdsError(8169, "Conversion failed when converting from a character string to uniqueidentifier.")
        value = text.rsplit('"', 2)
        return TdsError(245, f"Conversion failed when converting the varchar value '{value[1] if len(value) > 2 else ''}' to data type {kind}.")
    if state == "22007":
        return TdsError(241, "Conversion failed when converting date and/or time from character string.")
    if state == "22008":
        text = "The conversion of a varchar data type to a datetime data type resulted in an out-of-range value."
        return TdsError(242, text)
    if state in {"22011", "2201B"}:
        return TdsError(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.")
    if state == "40P01":
        text = f"Transaction (Process ID {session.spid}) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction."
        return TdsError(1205, text, 13, 51, ends="transaction")
    if state == "40001":
        if session.isolation == "SNAPSHOT":
            text = f"Snapshot isolation transaction aborted due to update conflict. You cannot use snapshot isolation to access table 'dbo.{table}' directly or indirectly in database '{session.database}' to update, delete, or insert the row that has been modified or deleted by another transaction. Retry the transaction or change the isolation level for the update/delete statement."
            return TdsError(3960, text, ends="transaction")
        text = f"Transaction (Process ID {session.spid}) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction."
        return TdsError(1205, text, 13, 51, ends="transaction")
    if state == "55P03":
        return TdsError(1222, "Lock request time out period exceeded.", 16, 45, ends="statement")
    if state == "42601":
        return syntax(name)
    if state in {"42P07", "42710", "42P06"}:
        return TdsError(2714, f"There is already an object named '{name}' in the database.", 16, 6)
    if state == "42701":
        return TdsError(2705, f"Column names in each table must be unique. Column name '{name}' is specified more than once.")
    if state == "42803":
        return TdsError(8120, f"Column '{name}' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.")
    if state == "42883":
        called = re.match(r"function (?:tds\.)?\"?([\w$]+)\"?\(", text)
        if called:
            return TdsError(195, f"'{called[1]}' is not a recognized built-in function name.", 15, 10)
        return TdsError(402, f"The data types are incompatible: {text}")
    if state == "42804" and "collations are not supported" in text:
        return TdsError(447, "Expression type is invalid for COLLATE clause.")
    if state == "42804":
        return TdsError(206, f"Operand type clash: {text}")
    if state in {"42P22", "42P21"}:
        return TdsError(468, f"Cannot resolve the collation conflict: {text}")
    if state == "21000":
        return TdsError(512, "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.", ends="statement")
    if state in {"57P01", "57P02", "57P03", "08006", "08003"}:
        return TdsError(596, "Cannot continue the execution because the session is in the kill state.", 21, ends="session")
    return TdsError(50000, f"PostgreSQL {state}: {text}", 16)
