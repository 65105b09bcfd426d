"""The pandera schema of the stream: each check gives one bool and leaves its mask behind.

pandera makes a table of failure cases at every level at which errors are gathered. A stream takes its reasons from
the masks, so its schema has backends that leave these tables out; all else of pandera's lazy validation is as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.api.base.checks import CheckResult
from pandera.backends.pandas.components import ColumnBackend
from pandera.backends.pandas.container import DataFrameSchemaBackend
from pandera.errors import FailureCaseMetadata, SchemaError, SchemaErrorReason, SchemaErrors

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.rules.columns import ChunkColumns
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.rule import Rule
from callcenter_etl.rules.schema import build_schema

_TEXT = pd.ArrowDtype(pa.string())


class _NoFailureCases:
    """Mixed into a backend: errors are gathered without a table of failure cases."""

    def failure_cases_metadata(
        self,
        schema_name: str,  # noqa: ARG002  pandera's signature
        schema_errors: list[SchemaError],  # noqa: ARG002  same
    ) -> FailureCaseMetadata:
        """Give empty metadata; the errors themselves stay in `SchemaErrors.schema_errors`."""
        return FailureCaseMetadata(failure_cases=None, message={}, error_counts={})


class _StreamingBackend(_NoFailureCases, DataFrameSchemaBackend):
    """Validates a chunk."""


class _StreamingColumnBackend(_NoFailureCases, ColumnBackend):
    """Validates a column of a chunk."""


class _StreamingSchema(pandera.DataFrameSchema):
    """A schema that tells which checks failed, and not which cases."""


class _StreamingColumn(pandera.Column):
    """A column of a streaming schema."""


class _StreamingCheck(pandera.Check):
    """A check whose function answers for the whole chunk, and needs no column cut out for it."""

    def __call__(
        self,
        check_obj: pd.DataFrame,
        column: str | None = None,  # noqa: ARG002  pandera's signature
    ) -> CheckResult:
        """Give the function's own answer."""
        passed = self._check_fn(check_obj)
        return CheckResult(
            check_output=passed, check_passed=passed, checked_object=check_obj, failure_cases=None
        )


_StreamingSchema.register_backend(pd.DataFrame, _StreamingBackend)
_StreamingColumn.register_backend(pd.DataFrame, _StreamingColumnBackend)


@dataclass(slots=True)
class _Sink:
    """Where the checks of one schema find the chunk and leave the masks of broken rules."""

    columns: ChunkColumns | None = None
    masks: dict[str, Mask] = field(default_factory=dict)

    def ask(self, rule: Rule) -> bool:
        """Work out a rule's mask, keep it where it is broken, and tell whether every record keeps the rule."""
        if self.columns is None:
            raise RuntimeError("the streaming schema is validated without a chunk")
        mask = rule.broken(self.columns)
        if mask.any():
            self.masks[rule.id] = mask
            return False
        return True


class StreamingSchema:
    """A contract's rules as a pandera schema that validates chunk after chunk.

    One serves one thread: pandera changes a schema while it validates.
    """

    def __init__(self, document: ContractDocument, rules: tuple[Rule, ...]) -> None:
        self._sink = _Sink()
        self._names = [column.name for column in document.columns]
        self._schema = build_schema(
            document,
            rules,
            self._check,
            schema_type=_StreamingSchema,
            column_type=_StreamingColumn,
            check_type=_StreamingCheck,
        )
        self._schema.get_backend(check_type=pd.DataFrame)  # registers pandera's own, which takes its time

    def _check(self, rule: Rule) -> Callable[[object], bool]:
        return lambda _: self._sink.ask(rule)

    def broken_masks(self, columns: ChunkColumns) -> dict[str, Mask]:
        """Validate one chunk lazily; give the masks of the rules that are broken, each of shape (records,).

        Raises RuntimeError when a check could not be worked out: pandera would count that as one failure case.
        """
        frame = pd.DataFrame({name: pd.array(columns.text(name), dtype=_TEXT) for name in self._names})
        self._sink.columns, self._sink.masks = columns, {}
        try:
            self._schema.validate(frame, lazy=True, inplace=True)
        except SchemaErrors as errors:
            self._refuse_failed_checks(errors)
        finally:
            self._sink.columns = None
        return self._sink.masks

    def _refuse_failed_checks(self, errors: SchemaErrors) -> None:
        for error in errors.schema_errors:
            if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK:
                raise RuntimeError(f"a check failed to run: {error}") from errors
