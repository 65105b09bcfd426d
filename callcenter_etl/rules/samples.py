"""A passing and a failing sample for every kind of rule, from which docs/reference/rules.md is generated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_PLAIN = "columns: [{name: id}, {name: note}]\n"
_TOO_LONG = 16 * 2**20 + 1


@dataclass(frozen=True, slots=True)
class Sample:
    """A contract and two sources: `passing` breaks no rule; `failing` breaks `breaks`, and inevitably `also`.

    `contract` is the YAML after the contract's id. `files` are further files in its folder, `failing_name` is the file
    name of the failing source, and `failing_shown` replaces a failing source that is too large for the page.
    """

    kind: str
    asks: str
    contract: str
    passing: bytes
    failing: bytes
    breaks: str
    files: Mapping[str, str] = field(default_factory=dict)
    failing_name: str = "calls.csv"
    failing_shown: str | None = None
    also: tuple[str, ...] = ()

    @property
    def document(self) -> str:
        """The whole contract."""
        return f"contract: sample\n{self.contract}"


def _of_column(kind: str, asks: str, keys: str, good: str, bad: str) -> Sample:
    """Return the sample of a rule on the column `value`; a second column makes records with an empty value possible."""
    contract = f"columns:\n  - {{name: id}}\n  - {{name: value, {keys}}}\n"
    passing, failing = f"id,value\n1,{good}\n".encode(), f"id,value\n1,{bad}\n".encode()
    return Sample(kind, asks, contract, passing, failing, f"value.{kind}")


def _of_type(name: str, asks: str, good: str, bad: str) -> Sample:
    return _of_column("type", f"{name}: {asks}", f"type: {name}", good, bad)


TYPE_SAMPLES = (
    _of_type("digits", "ASCII digits, leading zeros kept", "007", "7a"),
    _of_type("integer", "an optional sign and ASCII digits", "-12", "12.0"),
    _of_type(
        "decimal", "digits with an optional sign, point and exponent; not NaN, not infinity", "-1.5e3", "NaN"
    ),
    _of_type("boolean", "true or false, in any letter case", "True", "yes"),
    _of_type("date", "a real date, in one of the declared formats", "2024-02-29", "2025-02-29"),
    _of_type("time", "a real time of day, in one of the declared formats", "23:59:59", "24:00:00"),
    _of_type(
        "datetime", "a real date and time, in one of the formats", "2025-01-31 08:00:00", "2025-01-31T08:00"
    ),
    _of_type("duration", "hours, minutes and seconds; the hours may pass 24", "30:00:00", "30:60:00"),
)

COLUMN_SAMPLES = (
    _of_column(
        "required", "the value is not empty; white space alone counts as empty", "required: true", "x", " "
    ),
    *TYPE_SAMPLES,
    _of_column("min", "not less than the bound (inclusive)", "type: integer, min: 0", "0", "-1"),
    _of_column(
        "max",
        "not greater than the bound (inclusive)",
        "type: time, max: 18:00:00",
        "18:00:00",
        "18:00:01",
    ),
    _of_column("min_length", "at least this number of characters", "min_length: 3", "abc", "ab"),
    _of_column("max_length", "at most this number of characters", "max_length: 3", "äöü", "abcd"),
    _of_column(
        "pattern", "the whole value matches (RE2 syntax)", "pattern: '[A-Z]{2}[0-9]+'", "AB12", "AB12x"
    ),
    _of_column(
        "allowed",
        "one of the values, letter case counts",
        "allowed: [COMPLETED, DROPPED]",
        "DROPPED",
        "dropped",
    ),
    Sample(
        "lookup",
        "the value occurs in a column of another CSV file",
        "columns:\n  - {name: id}\n  - {name: value, lookup: {file: agents.csv, column: agent_id}}\n",
        b"id,value\n1,501\n",
        b"id,value\n1,999\n",
        "value.lookup",
        files={"agents.csv": "agent_id\n501\n502\n"},
    ),
    Sample(
        "unique",
        "no value occurs twice; the first occurrence satisfies the rule, empty values are ignored",
        "columns:\n  - {name: id, unique: true}\n",
        b"id\n1\n2\n",
        b"id\n1\n1\n",
        "id.unique",
    ),
)

_TIMES = "columns:\n  - {name: started, type: time}\n  - {name: ended, type: time}\n"
RECORD_SAMPLES = (
    Sample(
        "check",
        "an expression over the columns is not false; an unknown result breaks nothing",
        _TIMES + 'rules:\n  - {name: ends_after_start, check: "ended >= started"}\n',
        b"started,ended\n08:00:00,08:00:00\n08:00:00,\n",
        b"started,ended\n08:00:00,07:59:59\n",
        "ends_after_start",
    ),
    Sample(
        "when",
        "the check applies only to records for which this condition is true",
        "columns: [{name: status}, {name: agent}]\n"
        'rules:\n  - {name: has_agent, when: "status == \'COMPLETED\'", check: "not empty(agent)"}\n',
        b"status,agent\nCOMPLETED,501\nDROPPED,\n",
        b"status,agent\nCOMPLETED,\n",
        "has_agent",
    ),
    Sample(
        "unique of several columns",
        "the combination of their values occurs once",
        "columns: [{name: day}, {name: agent}]\nrules:\n  - {name: once_a_day, unique: [day, agent]}\n",
        b"day,agent\nMon,501\nTue,501\n",
        b"day,agent\nMon,501\nMon,501\n",
        "once_a_day",
    ),
)

MALFORMED_SAMPLES = (
    Sample(
        "record.fields", "a record has as many fields as the header", _PLAIN,
        b"id,note\n1,a\n", b"id,note\n1,a,b\n", "record.fields",
    ),
    Sample(
        "record.quote", "quotes open and close as RFC 4180 says, on one line unless multiline is declared", _PLAIN,
        b'id,note\n1,"say ""hi"""\n', b'id,note\n1,"never closed\n', "record.quote",
    ),
    Sample(
        "record.encoding", "the bytes are text in the declared encoding", _PLAIN,
        "id,note\n1,café\n".encode(), b"id,note\n1,caf\xe9\n", "record.encoding",
    ),
    Sample(
        "record.too_long", "a record has at most 16 MiB", _PLAIN,
        b"id,note\n1,a\n", b"id,note\n1," + b"x" * _TOO_LONG + b"\n", "record.too_long",
        failing_shown="id,note\n1,xxx…   (more than 16 MiB on one line)\n",
    ),
)  # fmt: skip

SOURCE_SAMPLES = (
    Sample(
        "file.name", "the file name matches the pattern and has the length that are declared",
        "source: {filename: {pattern: 'calls\\.csv'}}\n" + _PLAIN,
        b"id,note\n1,a\n", b"id,note\n1,a\n", "file.name", failing_name="calls (1).csv",
    ),
    Sample(
        "file.extension", "the file name ends in one of the declared extensions",
        "source: {filename: {extensions: [.csv]}}\n" + _PLAIN,
        b"id,note\n1,a\n", b"id,note\n1,a\n", "file.extension", failing_name="calls.txt",
    ),
    Sample(
        "file.empty", "the source is not empty, and has a header unless `header: none`", _PLAIN,
        b"id,note\n", b"", "file.empty", failing_shown="(no byte)\n",
    ),
    Sample(
        "file.not_delimited", "the source is delimited text, and its format agrees with its name", _PLAIN,
        b"id,note\n1,a\n", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "file.not_delimited",
    ),
    Sample(
        "file.too_few", "the source has at least `limits.min_records` records; checked at its end, so the run fails",
        _PLAIN + "limits: {min_records: 1}\n", b"id,note\n1,a\n", b"id,note\n", "file.too_few",
    ),
    Sample(
        "header.missing", "every declared column is in the header", _PLAIN,
        b"id,note\n1,a\n", b"id\n1\n", "header.missing", also=("header.count",),
    ),
    Sample(
        "header.unexpected", "every column in the header is declared", _PLAIN,
        b"id,note\n1,a\n", b"id,note,extra\n1,a,b\n", "header.unexpected", also=("header.count",),
    ),
    Sample(
        "header.order", "the columns are in the declared order (`header: exact`)", _PLAIN,
        b"id,note\n1,a\n", b"note,id\na,1\n", "header.order",
    ),
    Sample(
        "header.count", "the header has as many columns as the contract", _PLAIN,
        b"id,note\n1,a\n", b"id\n1\n", "header.count", also=("header.missing",),
    ),
    Sample(
        "header.duplicate", "no column name occurs twice", _PLAIN,
        b"id,note\n1,a\n", b"id,note,note\n1,a,b\n", "header.duplicate", also=("header.count",),
    ),
    Sample(
        "header.encoding", "the header is text in the declared encoding", _PLAIN,
        b"id,note\n1,a\n", b"id,not\xe9\n1,a\n", "header.encoding",
    ),
    Sample(
        "limits.max_rejected", "not more rejects than the contract or `--max-rejected` allows; else no target is published",
        "columns: [{name: id, type: digits}, {name: note}]\nlimits: {max_rejected: 0}\n",
        b"id,note\n1,a\n", b"id,note\nx,a\n", "limits.max_rejected",
    ),
)  # fmt: skip

SECTIONS = {
    "Rules of a column": COLUMN_SAMPLES,
    "Rules of a record": RECORD_SAMPLES,
    "Malformed records": MALFORMED_SAMPLES,
    "Refused and failed sources": SOURCE_SAMPLES,
}
