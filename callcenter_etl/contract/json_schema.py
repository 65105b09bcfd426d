"""The JSON Schema of contracts, for editors."""

from __future__ import annotations

from typing import Any

from callcenter_etl.contract.model import ContractDocument


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a contract document, made from the models."""
    schema = ContractDocument.model_json_schema(mode="validation")
    # Derived by the model from the order of the keys; an author never writes it.
    schema["$defs"]["Column"]["properties"].pop("rule_keys")
    # Contracts write the limit as a number or a text, so the schema of its model is not referenced.
    schema["$defs"].pop("MaxRejected", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "callcenter_etl contract",
    }
