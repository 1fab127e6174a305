"""A batch into its statements: T-SQL needs no semicolons, so the words that begin a statement end the
one before, with their exceptions (`UNION SELECT`, `UPDATE … SET`, `WITH (NOLOCK)`…)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from sqlglot import tokens
from sqlglot.errors import SqlglotError

from .errors import syntax
from .translate import Dialect

_STARTS = {
    "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "CREATE", "ALTER", "DROP", "TRUNCATE", "IF", "WHILE",
    "BEGIN", "COMMIT", "ROLLBACK", "SAVE", "SET", "DECLARE", "PRINT", "USE", "EXEC", "EXECUTE", "WAITFOR", "RETURN",
    "BREAK", "CONTINUE", "THROW", "RAISERROR", "KILL", "END", "ELSE", "GOTO", "DBCC", "GRANT", "REVOKE", "DENY",
}  # fmt: skip
_MAINS = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"}


@dataclass(frozen=True)
class Word:
    """One word, name, number, string or sign, and where it stands."""

    token_type: tokens.TokenType
    text: str
    start: int
    end: int


def _split(items, source: str) -> list[Word]:
    """sqlglot's tokens with `PRIMARY KEY` and the like as two words."""
    found = []
    for item in items:
        if item.token_type in _QUOTED or not any(c.isspace() for c in item.text):
            found.append(Word(item.token_type, item.text, item.start, item.end))
            continue
        at = item.start
        for part in item.text.split():
            at = source.upper().index(part.upper(), at)
            found.append(Word(item.token_type, part, at, at + len(part) - 1))
            at += len(part)
    return found


@lru_cache(maxsize=4096)
def _items(source: str) -> tuple[Word, ...]:
    """The words of a text; the tests say the same few over and over."""
    try:
        return tuple(_split(Dialect().tokenize(source), source))
    except SqlglotError as error:
        raise syntax(str(error).split("\n")[0][:60]) from None


class Words:
    """Tokens with a place in them; `text(i, j)` is the source between two of them."""

    def __init__(self, source: str, items=None) -> None:
        self.source = source
        self.items = _items(source) if items is None else items
        self.at = 0

    def word(self, i: int) -> str:
        """The keyword or symbol at a place, upper-case; names in quotes and strings are no words."""
        if i < 0 or i >= len(self.items):
            return ""
        item = self.items[i]
        if item.token_type in _QUOTED:
            return "\0"
        return item.text.upper()

    def peek(self, ahead: int = 0) -> str:
        """The word `ahead` places on."""
        return self.word(self.at + ahead)

    def take(self, *words: str) -> bool:
        """Steps over these words if they are next."""
        if all(self.word(self.at + n) == word for n, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def expect(self, *words: str) -> None:
        """These words must be next."""
        if not self.take(*words):
            raise syntax(self.near())

    def near(self) -> str:
        """The text at the place, for an error."""
        return self.items[self.at].text if self.at < len(self.items) else "end of the batch"

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.items)

    def name(self) -> str:
        """A name, quoted or not, as it is written."""
        if self.done:
            raise syntax(self.near())
        item = self.items[self.at]
        if item.text == "#":
            self.at += 1
            rest = self.name()
            return "#" + rest
        if item.token_type in _QUOTED - {tokens.TokenType.IDENTIFIER} or not (item.text[:1].isalnum() or item.text[:1] in "_#@\"["):
            if item.token_type is not tokens.TokenType.IDENTIFIER:
                raise syntax(item.text)
        self.at += 1
        return item.text

    def number(self) -> int:
        """A whole number."""
        sign = -1 if self.take("-") else 1
        if self.done or not self.items[self.at].text.isdigit():
            raise syntax(self.near())
        self.at += 1
        return sign * int(self.items[self.at - 1].text)

    def names(self) -> list[str]:
        """A dotted name's parts; an empty one (`db..t`) is ''."""
        parts = [self.name()]
        while self.take("."):
            if self.peek() == ".":
                parts.append("")
            else:
                parts.append(self.name())
        return parts

    def text(self, start: int, end: int) -> str:
        """The source from token `start` up to token `end`."""
        if start >= end:
            return ""
        return self.source[self.items[start].start : self.items[end - 1].end + 1]

    def group(self) -> tuple[int, int]:
        """Steps over a parenthesis; the places within."""
        self.expect("(")
        start, depth = self.at, 1
        while depth:
            if self.done:
                raise syntax(self.near())
            depth += {"(": 1, ")": -1}.get(self.peek(), 0)
            self.at += 1
        return start, self.at - 1

    def until(self, *ends: str) -> tuple[int, int]:
        """Steps on to one of these words outside parentheses and CASE, or to the end."""
        start, depth, cases = self.at, 0, 0
        while not self.done:
            word = self.peek()
            if depth == 0 and cases == 0 and word in ends:
                break
            if word == "(":
                depth += 1
            elif word == ")":
                if depth == 0:
                    break
                depth -= 1
            elif word == "CASE":
                cases += 1
            elif word == "END":
                cases -= 1
            self.at += 1
        return start, self.at

    def part(self, start: int, end: int) -> Words:
        """The words between two places, on their own."""
        return Words(self.source, self.items[start:end])


_QUOTED = {
    tokens.TokenType.IDENTIFIER,
    tokens.TokenType.STRING,
    tokens.TokenType.NATIONAL_STRING,
    tokens.TokenType.HEX_STRING,
    tokens.TokenType.NUMBER,
}


@dataclass
class Statement:
    """One statement: its first word and its words."""

    verb: str
    words: Words

    @property
    def text(self) -> str:
        """Its source."""
        return self.words.text(0, len(self.words.items))


@dataclass
class Block:
    """BEGIN … END."""

    body: list = field(default_factory=list)


@dataclass
class If:
    """IF … ELSE, and WHILE with `loop`."""

    condition: str
    then: object
    other: object = None
    loop: bool = False


@dataclass
class Try:
    """BEGIN TRY … BEGIN CATCH."""

    body: list
    handler: list


def parse(source: str) -> list:
    """The statements of a batch."""
    words = Words(source)
    found = _statements(words, top=True)
    if not words.done:
        raise syntax(words.near())
    return found


def _statements(words: Words, top: bool = False) -> list:
    found = []
    while not words.done:
        if words.take(";"):
            continue
        if words.peek() in {"END", "ELSE"}:
            if top:
                raise syntax(words.near())
            break
        found.append(_statement(words))
    return found


def _statement(words: Words):
    while words.take(";"):
        pass
    start, first = words.at, words.peek()
    if first == "BEGIN" and words.peek(1) == "TRY":
        words.at += 2
        body = _statements(words)
        words.expect("END", "TRY")
        words.take(";")
        words.expect("BEGIN", "CATCH")
        handler = _statements(words)
        words.expect("END", "CATCH")
        return Try(body, handler)
    if first == "BEGIN" and words.peek(1) not in {"TRAN", "TRANSACTION", "DISTRIBUTED"}:
        words.at += 1
        body = _statements(words)
        words.expect("END")
        return Block(body)
    if first in {"IF", "WHILE"}:
        words.at += 1
        a, b = _condition(words)
        condition = words.text(a, b)
        then = _statement(words)
        other = None
        save = words.at
        while words.take(";"):
            pass
        if first == "IF" and words.take("ELSE"):
            other = _statement(words)
        else:
            words.at = save
        return If(condition, then, other, first == "WHILE")
    if first not in _STARTS - {"END", "ELSE"}:
        raise syntax(words.near())
    words.at = _end(words, start)
    return Statement(first, words.part(start, words.at))


def _condition(words: Words) -> tuple[int, int]:
    start, depth, cases = words.at, 0, 0
    while not words.done:
        word = words.peek()
        if depth == 0 and cases == 0 and word in _STARTS:
            return start, words.at
        depth += {"(": 1, ")": -1}.get(word, 0)
        cases += {"CASE": 1, "END": -1}.get(word, 0)
        words.at += 1
    raise syntax("IF")


def _end(words: Words, start: int) -> int:
    first, second = words.word(start), words.word(start + 1)
    if first in {"CREATE", "ALTER"} and second in {"VIEW", "PROC", "PROCEDURE", "FUNCTION", "TRIGGER"}:
        return len(words.items)
    depth = cases = 0
    # A WITH still waits for its statement, an INSERT for its rows, an UPDATE for its SET.
    main = first != "WITH"
    rows = first != "INSERT"
    sets = first not in {"UPDATE", "MERGE"}
    i = start + 1
    while i < len(words.items):
        word, before, after = words.word(i), words.word(i - 1), words.word(i + 1)
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
        elif depth == 0 and word == "CASE":
            cases += 1
        elif depth == 0 and cases and word == "END":
            cases -= 1
        elif depth == 0 and cases == 0:
            if word == ";":
                return i
            if word in _STARTS and before != "." and before != "AS":
                if word == "SELECT" and before in {"UNION", "ALL", "EXCEPT", "INTERSECT"}:
                    pass
                elif not main and word in _MAINS:
                    main = True
                    rows = word != "INSERT"
                    sets = word not in {"UPDATE", "MERGE"}
                elif not rows and word in {"SELECT", "EXEC", "EXECUTE"}:
                    rows = True
                elif not sets and word == "SET":
                    sets = True
                elif word == "SET" and (first == "ALTER" or before in {"DELETE", "UPDATE"}):
                    pass
                elif word in {"UPDATE", "DELETE", "INSERT"} and before in {"ON", "THEN", "FOR", ","}:
                    sets = sets and word != "UPDATE"
                elif word == "WITH" and (after in {"(", "TIES", "CHECK", "NOCHECK", "ROLLBACK", "NO_WAIT", "MARK"}):
                    pass
                elif word == "ROLLBACK" and before == "WITH":
                    pass
                elif word == "IF" and first in {"DROP", "ALTER"}:
                    pass
                elif word in {"ALTER", "DROP"} and first == "ALTER" and after in {"COLUMN", "CONSTRAINT"}:
                    pass
                elif word == "EXECUTE" and before == "WITH":
                    pass
                else:
                    return i
        if first == "INSERT" and depth == 0 and word in {"VALUES", "DEFAULT"}:
            rows = True
        i += 1
    return i
