"""Open the target of a run by its format; each format is one entry in the table below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.errors import UsageError
from callcenter_etl.writers.tables.target_writer import SinkPlan, TableSink
from callcenter_etl.writers.target_forms import refuse_foreign_parts, refuse_table


@contextmanager
def opened_sink(target_format: str, plan: SinkPlan) -> Iterator[TableSink | None]:
    """Yield the sink of `sink_for`, closed at the end. Raises OutputError where the output holds something else."""
    for output in (plan.output, plan.publish_to) if target_format != "delta" else ():
        if output is not None:
            refuse_table(output, plan.storage)
    if plan.parts:
        refuse_foreign_parts(plan.output, plan.storage)
    sink = sink_for(target_format, plan)
    try:
        yield sink
    finally:
        if sink is not None:
            sink.close()


def sink_for(target_format: str, plan: SinkPlan) -> TableSink | None:
    """Return the sink that writes a target of this format, None for CSV, which the run writes itself.

    Raises UsageError where the contract does not fit the format or a library is not installed.
    """
    if target_format == "csv":
        return None
    if target_format not in _SINKS:
        raise UsageError(f"target_format: {target_format!r} is none of {', '.join(('csv', *_SINKS))}")
    _refuse_reserved(plan.document)
    return _SINKS[target_format](plan)


def _refuse_reserved(document: ContractDocument) -> None:
    from callcenter_etl.writers.tables.arrow_schema import RESERVED

    taken = [column.name for column in document.columns if column.name in RESERVED]
    if taken:
        raise UsageError(
            f"a typed target keeps the column names {', '.join(map(repr, taken))} for itself (rename the columns in the"
            " contract, with the header's names as aliases)"
        )


def _parquet(plan: SinkPlan) -> TableSink:
    from callcenter_etl.writers.tables.parquet_target import ParquetSink

    return ParquetSink(plan)


def _delta(plan: SinkPlan) -> TableSink:
    with _extra("delta", "deltalake"):
        from callcenter_etl.writers.tables.delta.delta_target import delta_sink
    return delta_sink(plan)


def _iceberg(plan: SinkPlan) -> TableSink:
    with _extra("iceberg", "pyiceberg"):
        from callcenter_etl.writers.tables.iceberg.iceberg_target import iceberg_sink
    return iceberg_sink(plan)


@contextmanager
def _extra(name: str, library: str) -> Iterator[None]:
    """Turn the error of an extra that is not installed into a UsageError with its remedy."""
    try:
        yield
    except ModuleNotFoundError as error:
        # Another missing module is a broken installation, which the extra would not mend.
        if (error.name or "").partition(".")[0] != library:
            raise
        raise UsageError(
            f"target format {name!r} needs {library}, which is not installed (run: pip install 'callcenter-etl[{name}]')"
        ) from error


# Each function imports the sink of its format, so that a run with a CSV target imports none of them.
_SINKS: Mapping[str, Callable[[SinkPlan], TableSink]] = {
    "parquet": _parquet,
    "delta": _delta,
    "iceberg": _iceberg,
}
