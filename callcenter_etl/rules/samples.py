"""A passing and a failing sample for every kind of rule, from which docs/reference/rules.md is generated."""

from __future__ import annotations

from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.sample import Sample

_PLAIN = "columns: [{name: id}, {name: note}]\n"
_FIXED_WIDTH = "source: {format: fixed_width}\ncolumns: [{name: id, width: 3}, {name: note, width: 3}]\n"
# The least size that is `record.too_long`.
_TOO_LONG = 16 * 2**20 + 1

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
    Sample(
        "unique with a condition",
        "only records for which `when` is true take part; `ignore_case: true` compares in any letter case",
        "columns: [{name: id}, {name: status}]\n"
        "rules:\n  - {name: completed_once, unique: [id], when: \"status == 'COMPLETED'\", ignore_case: true,\n"
        "     reason: completed twice}\n",
        b"id,status\na1,DROPPED\nA1,COMPLETED\na1,DROPPED\n",
        b"id,status\nA1,COMPLETED\na1,DROPPED\na1,COMPLETED\n",
        "completed_once",
    ),
    Sample(
        "lookup of several columns",
        "the values together are a row of another CSV file; empty values are not asked",
        "columns: [{name: agent}, {name: team}]\n"
        "rules:\n  - {name: team_of_agent, lookup: {file: agents.csv, columns: {agent: agent_id, team: team}}}\n",
        b"agent,team\n501,red\n501,\n",
        b"agent,team\n501,blue\n",
        "team_of_agent",
        files={"agents.csv": "agent_id,team\n501,red\n502,blue\n"},
    ),
)

MALFORMED_SAMPLES = (
    Sample(
        "record.fields", "a record has as many fields as the header", _PLAIN,
        b"id,note\n1,a\n", b"id,note\n1,a,b\n", "record.fields",
    ),
    Sample(
        "record.width", "a record of fixed width has as many characters as its columns", _FIXED_WIDTH,
        b"1  a  \n", b"1  a\n", "record.width",
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
        "file.control", "the control file beside the source is there, and matches",
        "source: {control: {file: '{stem}.ctl', match: 'records=(?P<records>[0-9]+)', fields: {records: integer}}}\n" + _PLAIN,
        b"id,note\n1,a\n", b"id,note\n1,a\n", "file.control", files={"calls.ctl": "records=1\n"}, failing_name="other.csv",
    ),
    Sample(
        "file.checksum", "the source has the digest that the checksum file beside it gives; checked at its end, so the run fails",
        "source: {checksum: {file: '{name}.md5'}}\n" + _PLAIN,
        b"id,note\n1,a\n", b"id,note\n1,b\n", "file.checksum",
        files={"calls.csv.md5": "36518a74ee64d4171bf75096b9045d16  calls.csv\n"},
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
        "file.preamble", "the lines above the header match `source.preamble`, and their values their types",
        "source: {preamble: {lines: 1, match: 'Report of .*'}}\n" + _PLAIN,
        b"Report of May\nid,note\n1,a\n", b"Export of May\nid,note\n1,a\n", "file.preamble",
    ),
    Sample(
        "file.after_header", "the lines below the header match `source.after_header`",
        "source: {after_header: {match: '(INTEGER|TEXT)(,.*)?'}}\n" + _PLAIN,
        b"id,note\nINTEGER,TEXT\n1,a\n", b"id,note\n1,a\n2,b\n", "file.after_header",
    ),
    Sample(
        "file.footer", "the source ends with `source.footer`, and its values are of their types; checked at its end, so the run fails",
        "source: {footer: {match: 'Total,(?P<records>[0-9]+)', fields: {records: integer}}}\n" + _PLAIN,
        b"id,note\n1,a\nTotal,1\n", b"id,note\n1,a\n", "file.footer",
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


def sections() -> dict[str, tuple[Sample, ...]]:
    """Return the samples by the title of their section; those of columns come from the kinds of rules."""
    return {
        "Rules of a column": tuple(sample for kind in KINDS.values() for sample in kind.samples),
        "Rules of a record": RECORD_SAMPLES,
        "Malformed records": MALFORMED_SAMPLES,
        "Refused and failed sources": SOURCE_SAMPLES,
    }
