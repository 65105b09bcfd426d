"""What vendors write is declared with the keys for it, and every record of the sample is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callcenter_etl.tools.infer import InferOptions, infer_contract
from callcenter_etl.tools.infer.inference import Inference

RECORDS = 30
QUEUES = ("billing", "support", "sales")


def inferred(folder: Path, text: str, name: str = "sample.csv") -> Inference:
    source = folder / name
    source.write_text(text, encoding="utf-8", newline="")
    inference = infer_contract(InferOptions((str(source),)))
    assert inference.outcome.accepted == inference.outcome.read == RECORDS
    return inference


def column_of(folder: Path, name: str, values: list[str]) -> dict[str, Any]:
    lines = [f"{i};{values[i % len(values)]}\n" for i in range(RECORDS)]
    column = inferred(folder, f"row;{name}\n" + "".join(lines)).contract.document.columns[1]
    return {key: getattr(column, key) for key in column.model_fields_set if getattr(column, key)}


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("cost", ["1,50", "12,00", "0,99"], {"type": "decimal", "decimal": ","}),
        ("cost", ["1.234,50", "12,00"], {"type": "decimal", "decimal": ",", "thousands": "."}),
        ("cost", ["$1,234.50", "$2.00"], {"type": "decimal", "thousands": ",", "prefix": ("$",)}),
        ("cost", ["12,00 €", "0,50 €"], {"type": "decimal", "decimal": ",", "suffix": (" €",)}),
        ("cost", ["EUR 12", "EUR 7"], {"type": "integer", "prefix": ("EUR ",)}),
        ("calls", ["1 234", "17"], {"type": "integer", "thousands": " "}),
        ("share", ["12%", "7%"], {"type": "integer", "suffix": ("%",)}),
        ("share", ["12.5 %", "7.0 %"], {"type": "decimal", "suffix": (" %",)}),
        ("answered", ["Y", "N", "Y"], {"type": "boolean", "true_values": ("Y",), "false_values": ("N",)}),
        (
            "angenommen",
            ["ja", "nein"],
            {"type": "boolean", "true_values": ("ja",), "false_values": ("nein",)},
        ),
        ("started_at", ["1736755567", "1736755600", "0"], {"type": "datetime", "format": ("epoch_s",)}),
        ("start_time", ["1736755567123", "1736755600456"], {"type": "datetime", "format": ("epoch_ms",)}),
        ("talk", ["75:10", "3:00"], {"type": "duration", "format": ("M:SS",)}),
        ("talk time", ["1.02:03:04", "0.00:00:09"], {"type": "duration", "format": ("D.HH:MM:SS",)}),
        ("talk", ["0:03:04.5", "0:00:09.25"], {"type": "duration", "format": ("H:MM:SS.f",)}),
        ("seconds", [" 17", "5", "4 "], {"type": "integer", "trim": True}),
        (
            "queue",
            ["billing", "billing ", " support", "support"],
            {"trim": True, "allowed": ("billing", "support")},
        ),
        (
            "at",
            ["2025-01-13 08:00:00+00", "2025-01-13 08:00:00.25+05:30"],
            {"type": "datetime", "format": ("%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f%z")},
        ),
    ],
)
def test_values(tmp_path: Path, name: str, values: list[str], expected: dict[str, Any]) -> None:
    found = column_of(tmp_path, name, values)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("code", ["INV-500", "INV-501"], "text"),
        ("phone", ["555 123 4567", "555 765 4321"], "text"),
        ("duration", ["1736755567", "1736755600"], "digits"),  # no name of a time
        ("size", ["17", "5 KB of text"], "text"),
        ("mark", ["Y", "N", "maybe"], "text"),
        ("at", ["8:15", "9:30"], "time"),
    ],
)
def test_what_only_resembles_them_stays_what_it_is(
    tmp_path: Path, name: str, values: list[str], kind: str
) -> None:
    assert column_of(tmp_path, name, values).get("type", "text") == kind


RECORD_LINES = [f"{i},{QUEUES[i % 3]},{i * 7}" for i in range(RECORDS)]
HEADER = "id,queue,seconds\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ((HEADER + "\n".join(RECORD_LINES)).replace(",", "||"), {"delimiter": "||"}),
        ((HEADER + "\n".join(RECORD_LINES)).replace(",", ", "), {"skip_initial_space": True}),
        (
            HEADER + "\n".join(f'{line},"say \\"{i}\\""' for i, line in enumerate(RECORD_LINES)),
            {"escape": "\\"},
        ),
        (HEADER + ",\n".join(RECORD_LINES) + ",\n", {"trailing_delimiter": True}),
        ("Calls\n" + HEADER + "\n".join(RECORD_LINES), {}),
        (HEADER + "\n".join(RECORD_LINES) + f"\nTotal,{RECORDS},{sum(i * 7 for i in range(RECORDS))}\n", {}),
    ],
)
def test_layouts(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    if "say" in text:
        text = text.replace(HEADER, "id,queue,seconds,note\n")
    source = inferred(tmp_path, text).contract.document.source
    assert {key: getattr(source, key) for key in expected} == expected


def test_figures_of_a_footer_are_named_with_their_types(tmp_path: Path) -> None:
    total = sum(i * 7 for i in range(RECORDS))
    text = inferred(tmp_path, HEADER + "\n".join(RECORD_LINES) + f"\nTotal;{RECORDS};{total}\n").text
    assert "match: 'Total;(?P<records>[0-9]+);(?P<sum_seconds>[0-9]+)'" in text
    assert "fields: {records: integer, sum_seconds: integer}" in text


def test_columns_of_fixed_width(tmp_path: Path) -> None:
    lines = [f"{i:05} {QUEUES[i % 3]:<8} {i * 7:>6}\n" for i in range(RECORDS)]
    columns = inferred(tmp_path, "".join(lines), "calls.txt").contract.document.columns
    assert [(column.start, column.end, column.align) for column in columns] == [
        (1, 5, "left"),
        (7, 13, "left"),
        (18, 21, "right"),
    ] or [(column.start, column.end) for column in columns][:2] == [(1, 5), (7, 13)]


def test_records_that_end_early(tmp_path: Path) -> None:
    lines = [line if i % 4 else line.rpartition(",")[0] for i, line in enumerate(RECORD_LINES)]
    source = inferred(tmp_path, HEADER + "\n".join(lines)).contract.document.source
    assert source.short_records == "empty"
