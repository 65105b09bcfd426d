"""Checks that corrected records are still in the order in which the run rejected them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.tools.reprocess.corrected_records import Batch
from callcenter_etl.tools.reprocess.exceptions_sheet import LINE, MAX_PROBLEMS, Row


def compared(batches: Iterable[Batch], rows: Iterable[Row], delimiter: str) -> tuple[bool, list[Diagnostic]]:
    """Compare records with the rows of the run's exceptions, one by one.

    Returns whether both have the same number, and as problems at most 20 records that share less than half of their
    fields with the row at their place, as they are probably other records.
    """
    problems: list[Diagnostic] = []
    pairs = zip_longest(_fields_of(batches, delimiter), rows)
    for number, (fields, row) in enumerate(pairs, start=1):
        if fields is None or row is None:
            return False, []
        if len(problems) < MAX_PROBLEMS and not _alike(fields, row, delimiter):
            problems.append(
                Diagnostic(
                    LINE,
                    f"record {number:,} has little in common with line {row.line:,}, which was rejected in its place"
                    " (keep the records in their order, or correct exceptions.csv, where order does not matter)",
                )
            )
    return True, problems


def _alike(fields: Sequence[str], row: Row, delimiter: str) -> bool:
    # Half, because a correction changes some fields of a record, but rarely most of them.
    if any(row.values) and len(fields) == len(row.values):
        same = sum(now == before for now, before in zip(fields, row.values, strict=True))
        return 2 * same >= len(fields)
    # A malformed record has no fields at fixed positions, so its pieces are compared in any order.
    before = _pieces(row.raw, delimiter) if not any(row.values) else row.values
    same = (Counter(fields) & Counter(before)).total()
    return 2 * same >= min(len(fields), len(before))


def _fields_of(batches: Iterable[Batch], delimiter: str) -> Iterator[Sequence[str]]:
    """Yield the fields of each record, or the pieces of its text if it is malformed."""
    for batch in batches:
        columns = [values.to_pylist() for values in batch.values]
        places = {int(at): number for number, at in enumerate(batch.sound.tolist())}
        for at in range(len(batch)):
            if at in places:
                yield [column[places[at]] for column in columns]
            else:
                yield _pieces(batch.shown[at], delimiter)


def _pieces(text: str, delimiter: str) -> list[str]:
    return [piece.strip(" \"'") for piece in text.split(delimiter)]
