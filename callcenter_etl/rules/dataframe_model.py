"""pandera DataFrameModels: the checks of exported models, and the schema of a user's model."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Mapping
from functools import cached_property
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.io.pandas_io import serialize_schema

from callcenter_etl.contract.loader import load_document
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.errors import UsageError
from callcenter_etl.rules.compile import compile_rules
from callcenter_etl.rules.text_schema import keeps
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.store.uris import working_folder

EXTENSION = "callcenter_etl"


class ContractRules:
    """The rules of a contract by their ids, for a model's checks; lookup files are relative to `module`."""

    def __init__(self, contract: str, module: str) -> None:
        # The text is in the module; its path as the origin makes lookup files relative to it.
        self._loaded = load_document(module, read_bytes=lambda _: contract.encode())
        self._rules = {rule.id: rule for rule in compile_rules(self._loaded.document)}

    def keeps(self, rule_id: str, data: pd.Series | pd.DataFrame) -> pd.Series:
        """Return, for each record, whether it satisfies a rule; `data` is the rule's column, or the whole frame."""
        return keeps(self._rules[rule_id], self._loaded.document, lambda: self._lookups, data)

    @cached_property
    def _lookups(self) -> Mapping[str, pa.Array]:
        return load_lookups(self._loaded.document, self._loaded.origin)


def model_document(spec: str) -> str | dict[str, Any]:
    """Import a user's module and return its DataFrameModel, given as `file.py:Class` or `package.module:Class`.

    Returns the text of the contract if the model was exported from one, else pandera's serialised schema. Raises
    UsageError if the module or the class cannot be used.
    """
    place, _, name = spec.rpartition(":")
    module = _module(place)
    model = getattr(module, name, None)
    if not (isinstance(model, type) and issubclass(model, pandera.DataFrameModel)):
        models = [
            key
            for key, each in vars(module).items()
            if isinstance(each, type)
            and issubclass(each, pandera.DataFrameModel)
            and each.__module__ == module.__name__
        ]
        known = ", ".join(models) or "none"
        raise UsageError(
            f"{place} has no DataFrameModel {name!r}{did_you_mean(name, models)} (there are: {known})"
        )
    metadata = getattr(getattr(model, "Config", None), "metadata", None)
    if isinstance(metadata, Mapping) and isinstance(metadata.get(EXTENSION), str):
        return str(metadata[EXTENSION])
    return _serialised(model)


def _module(place: str) -> ModuleType:
    """Return a module, imported by its file or name; its folder, or the current one, is on the import path."""
    is_file = place.endswith(".py")
    sys.path.insert(0, str(Path(place).parent.resolve()) if is_file else str(working_folder()))
    try:
        if not is_file:
            return importlib.import_module(place)
        loader = SourceFileLoader(Path(place).stem, place)
        module = ModuleType(loader.name)
        module.__file__ = place
        sys.modules[loader.name] = module  # pandera resolves annotations through sys.modules
        loader.exec_module(module)
    except FileNotFoundError as error:
        if error.filename != place:
            raise UsageError(f"{place}: importing it failed: {error}") from error
        raise UsageError(f"{place}: no such file or directory") from error
    except (Exception, SystemExit) as error:  # a user's module may do anything
        raise UsageError(f"{place}: importing it failed: {type(error).__name__}: {error}") from error
    else:
        return module
    finally:
        sys.path.pop(0)


def _serialised(model: type[pandera.DataFrameModel]) -> dict[str, Any]:
    """Return pandera's serialised schema of a model, with an entry for each custom check, which pandera leaves out."""
    try:
        schema = model.to_schema()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandera warns about the custom checks that are added below
            found: dict[str, Any] = serialize_schema(schema, minimal=True)
    except Exception as error:  # pandera runs code of the user's model
        raise UsageError(f"{model.__name__}: pandera cannot make a schema of it: {error}") from error
    found.setdefault("name", schema.name or model.__name__)
    for name, column in schema.columns.items():
        own = [{"options": {"check_name": check.name}} for check in column.checks if not _is_known(check)]
        if own:
            described = found["columns"][name]
            described["checks"] = [*described.get("checks", []), *own]
    whole = [str(check.name) for check in schema.checks if not _is_known(check)]
    if whole:
        found["checks"] = [{"options": {"check_name": name}} for name in whole]
    return found


def _is_known(check: pandera.Check) -> bool:
    return isinstance(check.name, str) and hasattr(pandera.Check, check.name)
