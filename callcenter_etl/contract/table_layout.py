"""The folders and files of a typed target: the model of `run.layout`, and its checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator

from callcenter_etl.contract.key_types import Count, FrozenModel, Text, TextList, show
from callcenter_etl.contract.quoting import quoted, shortened
from callcenter_etl.contract.suggestions import did_you_mean

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, str, int]]

BUCKET = "bucket"  # the folder level of the buckets: bucket=07
MAX_BUCKETS = 10_000
_FOLDER_TYPES = ("text", "digits", "integer", "boolean", "date")
_BUCKET_TYPES = ("text", "digits", "integer", "date", "time", "datetime")
_DATED = ("date", "datetime")


class PartitionKey(FrozenModel):
    """A level of partition folders: by a column's value, or by the day, month or year of a date or datetime."""

    column: Text = Field(description="column of the contract")
    by: Literal["value", "day", "month", "year"] = Field("value", description="what of the value")

    @property
    def name(self) -> str:
        """The name of the folder level: `call_date=`, or `call_start_day=`."""
        return self.column if self.by == "value" else f"{self.column}_{self.by}"


class Buckets(FrozenModel):
    """The innermost level of folders, by a hash of one column."""

    column: Text = Field(description="column of the contract")
    count: Count = Field(description="how many buckets")

    @field_validator("count", mode="after")
    @classmethod
    def _some(cls, value: int) -> int:
        if not 1 <= value <= MAX_BUCKETS:
            raise ValueError(f"1 to {MAX_BUCKETS:,} buckets are expected, not {value:,}")
        return value


_KEY_SCHEMA = {
    "type": "object",
    "properties": {
        "column": {"type": "string", "description": "column of the contract"},
        "by": {"enum": ["value", "day", "month", "year"], "description": "what of the value"},
    },
    "required": ["column"],
    "additionalProperties": False,
}


def _key(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _keys(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"a list of columns is expected, not {show(value)}")  # noqa: TRY004  pydantic collects ValueErrors
    return tuple(_key(each) for each in value)


class TableLayout(FrozenModel):
    """The folders, files and sort order of a typed target; by default it is one file in source order."""

    partition_by: Annotated[
        tuple[PartitionKey, ...],
        BeforeValidator(_keys),
        WithJsonSchema({"type": "array", "items": {"anyOf": [{"type": "string"}, _KEY_SCHEMA]}}),
    ] = Field((), description="columns with a folder for each value, the outermost first")
    buckets: Buckets | None = Field(None, description="folders by a hash of one column")
    sort_by: TextList = Field((), description="columns by which the records of a file are sorted")

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the folder levels, the outermost first."""
        keys = tuple(key.name for key in self.partition_by)
        return keys if self.buckets is None else (*keys, BUCKET)

    @property
    def in_path(self) -> frozenset[str]:
        """The columns that the folder names hold, so that the files leave them out."""
        return frozenset(key.column for key in self.partition_by if key.by == "value")


def layout_faults(layout: TableLayout, columns: Sequence[Any], types: Mapping[str, str], path: Path) -> Found:
    """Yield path, message and offset of each fault of a layout for these columns of a contract.

    `types` has the type of every declared name, an empty text if the column's type is itself faulty.
    """
    classes = {column.name: column.classification for column in columns}
    for index, key in enumerate(layout.partition_by):
        where = (*path, "partition_by", index)
        wanted = _FOLDER_TYPES if key.by == "value" else _DATED
        yield from _column_faults(key.column, types, where, wanted, "make folders")
        # Folder names appear in listings, logs and summaries, where classified values must not.
        if classes.get(key.column, "public") != "public":
            sentence = f"{quoted(key.column)} is {classes[key.column]}: its values may not name folders"
            yield where, sentence, 0
    if layout.buckets is not None:
        where = (*path, "buckets", "column")
        yield from _column_faults(layout.buckets.column, types, where, _BUCKET_TYPES, "be hashed")
    for index, name in enumerate(layout.sort_by):
        if name not in types:
            yield (*path, "sort_by", index), f"unknown column {quoted(name)}{did_you_mean(name, types)}", 0
    yield from _name_faults(layout, types, path)


def _column_faults(
    name: str, types: Mapping[str, str], where: Path, wanted: Sequence[str], purpose: str
) -> Found:
    if name not in types:
        yield where, f"unknown column {quoted(name)}{did_you_mean(name, types)}", 0
    elif types[name] and types[name] not in wanted:
        sentence = f"{quoted(name)} is {types[name]}: values of type {', '.join(wanted)} can {purpose}"
        if purpose == "make folders" and types[name] == "datetime":
            sentence += f" (or its day: {{column: {shortened(name)}, by: day}})"
        yield where, sentence, 0


def _name_faults(layout: TableLayout, known: Mapping[str, str], path: Path) -> Found:
    seen: set[str] = set()
    for name in layout.folders:
        # A derived level such as call_start_day would clash with a column of that name in readers of the folders.
        derived = name not in layout.in_path
        if name in seen or (derived and name in known):
            yield path, f"{quoted(name)} would name a level of folders and something else too", 0
        if not name:
            yield path, "a column without a name cannot name a level of folders", 0
        seen.add(name)
    if layout.in_path >= set(known):
        yield (
            (*path, "partition_by"),
            "every column stands in the folders' names: nothing is left for the files",
            0,
        )
