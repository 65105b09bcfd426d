"""Peer: a loop over csv.reader, the standard library alone; the obvious program, with its regular expressions compiled.

python csv_loop.py SOURCE OUTDIR
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

DIGITS = re.compile("[0-9]+").fullmatch
AGENT = re.compile("A[0-9]{4}").fullmatch
DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
TIME = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]").fullmatch
INTEGER = re.compile("[+-]?[0-9]+").fullmatch
STATUSES = {"COMPLETED", "DROPPED", "FAILED"}


@cache
def _is_date(text: str) -> bool:
    if not DATE(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _broken(record: list[str]) -> list[str]:  # noqa: C901, PLR0912 (one branch a rule, as such programs have them)
    call_id, caller_id, agent_id, call_date, start, end, status, talk, _ = record
    reasons = []
    if not call_id:
        reasons.append("call_id is required")
    elif not DIGITS(call_id):
        reasons.append("call_id must be digits")
    if caller_id and not DIGITS(caller_id):
        reasons.append("caller_id must be digits")
    if agent_id and not AGENT(agent_id):
        reasons.append("agent_id must be A and four digits")
    if call_date and not _is_date(call_date):
        reasons.append("call_date must be a date")
    start_is_time = TIME(start)
    if not start_is_time:
        reasons.append("call_start_time must be HH:MM:SS" if start else "call_start_time is required")
    end_is_time = TIME(end)
    if not end_is_time:
        reasons.append("call_end_time must be HH:MM:SS" if end else "call_end_time is required")
    if status not in STATUSES:
        reasons.append("call_status must be one of the three" if status else "call_status is required")
    if talk:
        if not INTEGER(talk):
            reasons.append("talk_seconds must be an integer")
        elif not 0 <= int(talk) <= 86_400:
            reasons.append("talk_seconds must be 0 to 86400")
    if start_is_time and end_is_time and end < start:
        reasons.append("call ends before it starts")
    if status == "COMPLETED" and not agent_id:
        reasons.append("a completed call has an agent")
    return reasons


def _sound_lines(
    lines: Iterator[str], numbers: list[int], malformed: list[tuple[int, str, str]]
) -> Iterator[str]:
    """Give the lines that can be read as fields; one left open must not reach the reader, which would run on."""
    for number, line in enumerate(lines, start=1):
        if line.count('"') % 2:
            malformed.append((number, "a quote is still open at the end of the line", line))
        elif not line.isascii() and any("\udc80" <= letter <= "\udcff" for letter in line):
            malformed.append((number, "bytes that are no UTF-8", line))
        else:
            numbers[0] = number
            yield line


def main(source: Path, folder: Path) -> None:
    """Write accepted.csv and rejected.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    number, malformed = [0], []  # type: list[int], list[tuple[int, str, str]]
    with (
        source.open(encoding="utf-8", errors="surrogateescape", newline="") as lines,
        (folder / "accepted.csv").open("w", encoding="utf-8", newline="") as accepted_file,
        (folder / "rejected.csv").open(
            "w", encoding="utf-8", errors="surrogateescape", newline=""
        ) as rejected_file,
    ):
        records = csv.reader(_sound_lines(lines, number, malformed))
        accepted = csv.writer(accepted_file, lineterminator="\n")
        rejected = csv.writer(rejected_file, lineterminator="\n")
        header = next(records)
        accepted.writerow(header)
        rejected.writerow([*header, "line", "reasons"])
        empty = [""] * len(header)
        for record in records:
            if len(record) != len(header):
                malformed.append((number[0], f"{len(record)} fields", ",".join(record)))
            elif reasons := _broken(record):
                rejected.writerow([*record, number[0], "; ".join(reasons)])
            else:
                accepted.writerow(record)
        for line, reason, _text in malformed:
            rejected.writerow([*empty, line, reason])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
