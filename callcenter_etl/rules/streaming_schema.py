"""The pandera schema for chunks: each check returns one bool and stores its mask.

pandera builds a table of failure cases at every level at which it collects errors. Runs take the reasons from the
masks, so this schema has backends that do not build these tables; pandera's lazy validation is otherwise unchanged.
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
    """A mixin for backends: collects errors without a table of failure cases."""

    def failure_cases_metadata(
        self,
        schema_name: str,  # noqa: ARG002  pandera's signature
        schema_errors: list[SchemaError],  # noqa: ARG002  same
    ) -> FailureCaseMetadata:
        """Return empty metadata; the errors themselves are in `SchemaErrors.schema_errors`."""
        return FailureCaseMetadata(failure_cases=None, message={}, error_counts={})


class _StreamingBackend(_NoFailureCases, DataFrameSchemaBackend):
    """Validates a chunk."""


class _StreamingColumnBackend(_NoFailureCases, ColumnBackend):
    """Validates a column of a chunk: runs its checks, since it has no dtype, default or parser."""

    def validate(
        self,
        check_obj: pd.DataFrame,
        schema: pandera.Column,
        **options: object,  # noqa: ARG002  pandera's signature
    ) -> pd.DataFrame:
        """Return the frame after the column's checks. Raises SchemaErrors with the failed ones."""
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
    """A schema that reports failed checks without failure cases."""


class _StreamingColumn(pandera.Column):
    """A column of a streaming schema."""


class _StreamingCheck(pandera.Check):
    """A check with a function for the whole chunk, so that pandera need not extract the column."""

    def __call__(
        self,
        check_obj: pd.DataFrame,
        column: str | None = None,  # noqa: ARG002  pandera's signature
    ) -> CheckResult:
        """Return the result of the function."""
        passed = self._check_fn(check_obj)
        return CheckResult(
            check_output=passed, check_passed=passed, checked_object=check_obj, failure_cases=None
        )


_StreamingSchema.register_backend(pd.DataFrame, _StreamingBackend)
_StreamingColumn.register_backend(pd.DataFrame, _StreamingColumnBackend)


@dataclass(slots=True)
class _Sink:
    """The present chunk for the checks of one schema, and the masks of the rules that it breaks."""

    columns: ChunkColumns | None = None
    masks: dict[str, Mask] = field(default_factory=dict)
    asked: int = 0

    def ask(self, rule: Rule) -> bool:
        """Return whether every record satisfies a rule, and store the mask if not."""
        if self.columns is None:
            raise RuntimeError("the streaming schema is validated without a chunk")
        self.asked += 1
        mask = rule.broken(self.columns)
        if mask.any():
            self.masks[rule.id] = mask
            return False
        return True


class StreamingSchema:
    """The rules of a contract as a pandera schema that validates one chunk after the other.

    Each thread needs an instance of its own, because pandera modifies a schema during validation.
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
        # Here and not at the first chunk: it registers pandera's backends, which is slow.
        self._schema.get_backend(check_type=pd.DataFrame)

    def _check(self, rule: Rule) -> Callable[[object], bool]:
        return lambda _: self._sink.ask(rule)

    def broken_masks(self, columns: ChunkColumns) -> dict[str, Mask]:
        """Return the masks of the rules that a chunk breaks, by rule id, each of shape (records,).

        Raises RuntimeError if a check raised an error, which pandera would count as a failure case, and if a rule was
        not evaluated.
        """
        frame = pd.DataFrame({name: pd.array(columns.text(name), dtype=_TEXT) for name in self._names})
        self._sink.columns, self._sink.masks, self._sink.asked = columns, {}, 0
        try:
            # Pinned: pandera's environment variables could otherwise disable validation, and with it the contract.
            with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
                self._schema.validate(frame, lazy=True, inplace=True)
        except SchemaErrors as errors:
            self._refuse_failed_checks(errors)
        finally:
            self._sink.columns = None
        if self._sink.asked != self._rules:
            raise RuntimeError(f"{self._sink.asked} of {self._rules} rules were evaluated")
        return self._sink.masks

    def _refuse_failed_checks(self, errors: SchemaErrors) -> None:
        for error in errors.schema_errors:
            if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK:
                raise RuntimeError(f"a check failed to run: {error}") from errors
