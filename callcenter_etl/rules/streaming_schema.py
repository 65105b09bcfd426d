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
from pandera.config import ValidationDepth, config_context
from pandera.errors import FailureCaseMetadata, SchemaError, SchemaErrorReason, SchemaErrors

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.rule import Rule
from callcenter_etl.rules.text_schema import build_schema

_TEXT = pd.ArrowDtype(pa.string())


class _NoFailureCases:
    """Mixed into a backend: errors are gathered without a table of failure cases."""

    def failure_cases_metadata(
        self,
        schema_name: str,  # noqa: ARG002  pandera's signature
        schema_errors: list[SchemaError],  # noqa: ARG002  same
    ) -> FailureCaseMetadata:
        """Return empty metadata; the errors themselves stay in `SchemaErrors.schema_errors`."""
        return FailureCaseMetadata(failure_cases=None, message={}, error_counts={})


class _StreamingBackend(_NoFailureCases, DataFrameSchemaBackend):
    """Validates a chunk."""


class _StreamingColumnBackend(_NoFailureCases, ColumnBackend):
    """Validates a column of a chunk: it has checks, and no type, default or parser that would ask for more."""

    def validate(
        self,
        check_obj: pd.DataFrame,
        schema: pandera.Column,
        **options: object,  # noqa: ARG002  pandera's signature
    ) -> pd.DataFrame:
        """Run the column's checks. Raises SchemaErrors with those that failed."""
        errors = [
            SchemaError(  # type: ignore[no-untyped-call]  # pandera's errors have no types
                schema,
                check_obj,
                result.message,
                check=result.check,
                check_index=result.check_index,
                reason_code=result.reason_code,
                column_name=schema.name,
            )
            for result in self.run_checks(check_obj, schema)
            if not result.passed
        ]
        if errors:
            raise SchemaErrors(schema, errors, check_obj)
        return check_obj


class _StreamingSchema(pandera.DataFrameSchema):
    """A schema that says which checks failed, and not which cases."""


class _StreamingColumn(pandera.Column):
    """A column of a streaming schema."""


class _StreamingCheck(pandera.Check):
    """A check whose function answers for the whole chunk, and needs no column cut out for it."""

    def __call__(
        self,
        check_obj: pd.DataFrame,
        column: str | None = None,  # noqa: ARG002  pandera's signature
    ) -> CheckResult:
        """Return the function's own answer."""
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
    asked: int = 0

    def ask(self, rule: Rule) -> bool:
        """Work out a rule's mask, keep it where it is broken, and tell whether every record keeps the rule."""
        if self.columns is None:
            raise RuntimeError("the streaming schema is validated without a chunk")
        self.asked += 1
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
        self._rules = len(rules)
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

        Raises RuntimeError when a check could not be worked out: pandera would count that as one failure case; and
        when a rule was not asked.
        """
        frame = pd.DataFrame({name: pd.array(columns.text(name), dtype=_TEXT) for name in self._names})
        self._sink.columns, self._sink.masks, self._sink.asked = columns, {}, 0
        try:
            # Settings of the environment must not switch a contract off.
            with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
                self._schema.validate(frame, lazy=True, inplace=True)
        except SchemaErrors as errors:
            self._refuse_failed_checks(errors)
        finally:
            self._sink.columns = None
        if self._sink.asked != self._rules:
            raise RuntimeError(f"{self._sink.asked} of {self._rules} rules were asked")
        return self._sink.masks

    def _refuse_failed_checks(self, errors: SchemaErrors) -> None:
        for error in errors.schema_errors:
            if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK:
                raise RuntimeError(f"a check failed to run: {error}") from errors
