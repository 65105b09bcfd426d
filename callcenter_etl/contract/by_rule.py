"""Values of a column that are for all of its rules, or for each rule one: severities and reasons."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from callcenter_etl.contract.key_types import as_text, show
from callcenter_etl.contract.suggestions import did_you_mean

_WORD_OR_MAP = {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}


def _by_rule(value: Any, take: Any) -> Any:
    """Return values by rule key, converted by `take`; one value for all rules of a column is under '*'."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return {str(key): take(each) for key, each in value.items()}
    return {"*": take(value)}


def _severity(value: Any) -> str:
    if value not in ("error", "warn"):
        raise ValueError(
            f"error or warn is expected, not {show(value)}{did_you_mean(str(value), ('error', 'warn'))}"
        )
    return str(value)


SeverityByRule = Annotated[
    dict[str, str],
    BeforeValidator(lambda value: _by_rule(value, _severity)),
    WithJsonSchema(_WORD_OR_MAP),
]
ReasonByRule = Annotated[
    dict[str, str], BeforeValidator(lambda value: _by_rule(value, as_text)), WithJsonSchema(_WORD_OR_MAP)
]
