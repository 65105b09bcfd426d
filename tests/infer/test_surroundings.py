"""What is found in the lines of a sample: how they are split, and what is around the records."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter_etl.tools.infer.surroundings.sample_lines import SampleLines
from callcenter_etl.tools.infer.surroundings.table import SampleTable, table_of

HEADER = "call_id,started,queue,seconds\n"
BODY = "".join(f"{1000 + i},2025-01-13 08:{i:02}:00,billing,{i * 7}\n" for i in range(30))


def table(*texts: str) -> SampleTable:
    return table_of([SampleLines.of(text, "", whole=True) for text in texts], delimiter=None)


def found(*texts: str) -> dict[str, Any]:
    return {key: finding.value for key, finding in table(*texts).findings.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEADER + BODY, {}),
        (
            "Call list\nFrom: 2025-01-13\n\n" + HEADER + BODY,
            {"preamble": {"lines": 3, "match": ["Call list", "From: .*", ""]}},
        ),
        ("Call list,,,\n,,,\n" + HEADER + BODY, {"preamble": {"lines": 2, "match": ["Call list,,,", ",,,"]}}),
        ("sep=,\n" + HEADER + BODY, {"preamble": {"lines": 1, "match": "sep=,"}}),
        ("Report 17\n" + BODY, {"preamble": {"lines": 1, "match": "Report [0-9]+"}}),
        (
            HEADER + "INTEGER,TIMESTAMP,VARCHAR(50),INTEGER\n" + BODY,
            {
                "after_header": {
                    "lines": 1,
                    "match": r"(INTEGER|TIMESTAMP|VARCHAR\([0-9]+\))(,(INTEGER|TIMESTAMP|VARCHAR\([0-9]+\)))*",
                }
            },
        ),
        (
            HEADER + "(no),(UTC),,(s)\n" + BODY,
            {"after_header": {"lines": 1, "match": r"\(no\),\(UTC\),,\(s\)"}},
        ),
        ("Call,,Queue,Talk\nid,started,name,seconds\n" + BODY, {"header_lines": 2}),
        ("# made by a switch\n" + HEADER + BODY + "# end\n", {"comment": "#"}),
        (
            HEADER + BODY + "Total,,,3045\n",
            {"footer": {"lines": 1, "match": "Total,,,[0-9]+"}},
        ),
        (
            HEADER + BODY + "\n30 rows selected.\n",
            {"footer": {"lines": 1, "match": r"[0-9]+ rows selected\."}},
        ),
        (HEADER[:-1] + ",\n" + BODY.replace("\n", ",\n"), {"trailing_delimiter": True}),
        (HEADER + BODY.replace("\n", ",\n"), {"trailing_delimiter": True}),
    ],
)
def test_what_is_around_the_records(text: str, expected: dict[str, Any]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        HEADER + BODY + "1031,2025-01-13 08:3",  # cut short
        HEADER + BODY + "1031,2025-01-13 08:31:00,Total calls,12\n",
        HEADER.replace("call_id", "#id") + BODY,
        HEADER + "".join(f"#{i},2025-01-13 08:00:00,billing,1\n" for i in range(30)),
        HEADER + "1000,soon,billing,many\n" + BODY,  # a dirty record is none of units
        "name,city,queue\n" + "".join(f"caller {i},Ulm,billing\n" for i in range(30)),
        BODY,
        "id,queue,note\n" + "1,a,b,c\n2,a,b,c\n" * 20,  # ragged: the header is no preamble
    ],
)
def test_records_are_never_taken_for_something_around_them(text: str) -> None:
    assert found(text) == {}


def test_a_header_of_several_lines_has_joined_names() -> None:
    text = "Call,,Queue,Talk\nid,started,name,seconds\n" + BODY
    assert table(text).first == (("Call id", "started", "Queue name", "Talk seconds"),)


def test_names_with_line_breaks_are_below_a_title() -> None:
    text = 'Calls of May,,,\nid,"started\nat",queue,"talk\ntime"\n' + BODY
    assert table(text).first == (("id", "started\nat", "queue", "talk\ntime"),)
    assert found(text) == {"preamble": {"lines": 1, "match": "Calls of May,,,"}}


@pytest.mark.parametrize(
    "delimiter", [",", ";", "\t", "|", "||", "|~|", "::", "~", "^", "<|>", "\x01", " | "]
)
def test_delimiters(delimiter: str) -> None:
    text = (HEADER + BODY).replace(",", delimiter)
    assert table(text).split.delimiter == delimiter
    assert len(table("A title\n" + text).first[0]) == 4


def test_spaces_after_delimiters() -> None:
    assert table((HEADER + BODY).replace(",", ", ")).split.skip_initial_space
    assert not table(HEADER + BODY.replace("billing", " billing")).split.skip_initial_space


def test_several_samples_show_what_stays() -> None:
    one = "Calls of May\n" + HEADER + BODY
    other = "Calls of June\n" + HEADER + BODY
    assert found(one, other) == {"preamble": {"lines": 1, "match": "Calls of .*"}}
    assert found(one, HEADER + BODY) == {"preamble": {"until": "call_id,started,queue,seconds"}}
    assert found(HEADER + BODY + "Total,,,3045\n", HEADER + BODY) == {
        "footer": {"lines": 1, "match": "Total,,,[0-9]+", "optional": True}
    }


def test_a_title_with_a_persons_name_is_not_shown() -> None:
    assert found("Calls of Anna Example\n" + HEADER + BODY) == {"preamble": {"lines": 1}}
