"""Expressions asked of a few records given as texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from callcenter_etl.contract.expressions import ExpressionFault, ExpressionFaults, compile_expression
from callcenter_etl.contract.model import Column
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.expression_evaluator import evaluate

TYPES = {
    "t": "text", "u": "text", "g": "digits", "i": "integer", "j": "integer", "x": "decimal", "y": "decimal",
    "b": "boolean", "c": "boolean", "day": "date", "at": "time", "moment": "datetime", "long": "duration",
    "more": "duration", "two words": "text", "tick`ed": "text",
}  # fmt: skip


def ask(text: str, **values: str | list[str]) -> list[bool | None]:
    """Evaluate for as many records as the lists are long; a plain text stands in every record, others are empty."""
    length = max((len(value) for value in values.values() if isinstance(value, list)), default=1)
    texts = {name: values.get(name.replace(" ", "_"), "") for name in TYPES}
    source = ChunkColumns(
        columns={name: Column.model_validate({"name": name, "type": kind}) for name, kind in TYPES.items()},
        empty_values=("",),
        texts={
            name: pa.array(value if isinstance(value, list) else [value] * length, pa.string())
            for name, value in texts.items()
        },
        lines=np.arange(2, length + 2, dtype=np.int64),
    )
    found = evaluate(compile_expression(text, TYPES), source)
    assert found.type == pa.bool_()
    assert len(found) == length
    return list(found.to_pylist())


def one(text: str, **values: str) -> bool | None:
    """Evaluate for one record."""
    return ask(text, **values)[0]


def faults(text: str) -> tuple[ExpressionFault, ...]:
    """Give the faults of an expression, none where it is sound."""
    try:
        compile_expression(text, TYPES)
    except ExpressionFaults as caught:
        return caught.faults
    return ()
