"""What a column's name says about its values: an identifier, a duration, personal data, a start or an end."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")

IDENTIFIERS = {
    "id", "ids", "key", "no", "nr", "num", "number", "uuid", "guid", "ref", "reference", "ticket", "index", "rowid",
    "zip", "zipcode", "postcode", "postal", "account", "code", "ext", "extension",
}  # fmt: skip
KEYS = {
    "id",
    "key",
    "no",
    "nr",
    "num",
    "number",
    "uuid",
    "guid",
    "ref",
    "reference",
    "ticket",
    "index",
    "rowid",
}
NUMBERS = {"no", "nr", "num", "number"}
COUNTS = {"count", "total", "sum", "amount", "quantity"}
DURATIONS = {
    "duration", "elapsed", "talk", "wait", "waiting", "hold", "handle", "handling", "speed", "avg", "average",
    "length", "lasted", "took", "aht", "asa",
}  # fmt: skip
DATES = {"date", "day", "dt", "dob", "birthday", "on"}
CONTACTS = {
    "email", "mail", "phone", "mobile", "tel", "telephone", "cell", "cellphone", "msisdn", "fax", "ani", "ssn",
    "passport", "iban", "dob", "birthday", "birth", "address", "street", "surname", "firstname", "lastname",
}  # fmt: skip
FREE_TEXT = {"note", "notes", "comment", "comments", "remark", "remarks", "transcript", "message"}
PEOPLE = {
    "agent", "customer", "client", "caller", "callee", "employee", "operator", "supervisor", "manager", "contact",
    "patient", "user", "person", "name", "first", "last", "owner", "assignee",
}  # fmt: skip
CALLERS = {"caller", "callee", "customer", "client", "contact", "from", "to"}
STARTS = {
    "start",
    "started",
    "begin",
    "began",
    "from",
    "entry",
    "enter",
    "opened",
    "open",
    "received",
    "created",
}
ENDS = {
    "end", "ended", "finish", "finished", "to", "exit", "left", "closed", "close", "completed", "resolved", "stop",
}  # fmt: skip


def words_of(name: str) -> tuple[str, ...]:
    """Cut a column's name into its words, in lower case: `AgentID`, `agent_id` and `Agent Id` are alike."""
    return tuple(word.lower() for word in _WORD.findall(name))


def says(name: str, words: set[str]) -> bool:
    """Tell whether a column's name has one of the words."""
    return not words.isdisjoint(words_of(name))


def identifies(name: str, words: set[str]) -> bool:
    """Tell whether a column's name says identifier by one of the words: `Number of Alarms` and `id count` do not."""
    found = words_of(name)
    counts = any(one in NUMBERS and other == "of" for one, other in pairwise(found))
    return not words.isdisjoint(found) and not counts and COUNTS.isdisjoint(found)


def starts_and_ends(names: list[str]) -> list[tuple[str, str]]:
    """Give the pairs of names that say start and end of the same thing; without such, the only start and end."""
    named = [
        (one, other)
        for first, second in combinations(names, 2)
        for one, other in ((first, second), (second, first))
        if _about(one, STARTS) is not None and _about(one, STARTS) == _about(other, ENDS)
    ]
    starts = [name for name in names if says(name, STARTS)]
    ends = [name for name in names if says(name, ENDS)]
    alone = len(starts) == len(ends) == 1 and starts != ends
    return named or ([(starts[0], ends[0])] if alone else [])


def _about(name: str, words: set[str]) -> tuple[str, ...] | None:
    """Give the words of a name without the one that says start or end; None where it says neither."""
    found = words_of(name)
    rest = tuple(word for word in found if word not in words)
    return rest if len(rest) < len(found) else None


def snake(name: str) -> str:
    """Give a name as lower case words joined by `_`, of letters and digits of ASCII."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
