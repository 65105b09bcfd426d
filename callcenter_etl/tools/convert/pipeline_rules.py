"""Imports the settings of a pipeline configuration other than its columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS
from callcenter_etl.tools.convert.import_draft import Draft, ImportedColumn, is_number
from callcenter_etl.tools.convert.pipeline_columns import named_columns, strptime_of, unread_format
from callcenter_etl.tools.convert.pipeline_keys import PipelineKey, words

# Names of other logging libraries for the levels that a contract has.
_LEVELS = {"WARN": "WARNING", "FATAL": "ERROR", "CRITICAL": "ERROR"}


def _put(*path: str | int) -> Callable[[Draft, PipelineKey], bool]:
    def read(draft: Draft, found: PipelineKey) -> bool:
        if isinstance(found.value, (dict, list)):
            return False
        draft.put(path, found.value, found.path)
        return True

    return read


def _name(draft: Draft, found: PipelineKey) -> bool:
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", str(found.value)).strip("_")
    draft.put(("contract",), name or "pipeline", found.path)
    return True


def _pattern(draft: Draft, found: PipelineKey) -> bool:
    # A contract matches the whole file name, so anchors at both ends are redundant.
    pattern = re.sub(r"\A\^|(?<!\\)\$\Z", "", str(found.value))
    draft.put(("source", "filename", "pattern"), pattern, found.path)
    return True


def _prefix(draft: Draft, found: PipelineKey) -> bool:
    return _affix(draft, found, f"{_escaped(found.value)}.*")


def _suffix(draft: Draft, found: PipelineKey) -> bool:
    return _affix(draft, found, f".*{_escaped(found.value)}")


def _affix(draft: Draft, found: PipelineKey, pattern: str) -> bool:
    name = draft.value.get("source", {}).get("filename", {})
    if "pattern" in name:  # a pattern is more specific than a prefix or suffix
        return False
    draft.put(("source", "filename", "pattern"), pattern, found.path)
    return True


def _escaped(text: Any) -> str:
    return re.escape(str(text))  # it does not escape letters of other alphabets, for which RE2 has no escapes


def _extensions(draft: Draft, found: PipelineKey) -> bool:
    given = found.value if isinstance(found.value, list) else [found.value]
    dotted = [str(each) if str(each).startswith(".") else f".{each}" for each in given]
    draft.put(("source", "filename", "extensions"), dotted[0] if len(dotted) == 1 else dotted, found.path)
    return True


def _count(draft: Draft, found: PipelineKey) -> bool:
    """Check the number of columns against the list; it needs no rule of its own."""
    columns = len(draft.value["columns"])
    if str(found.value) != str(columns):
        draft.fault(found.path, f"{found.value} columns are said to be there, {columns} are listed")
    return True


def _time_format(draft: Draft, found: PipelineKey) -> bool:
    """Import the format of the time columns: those declared as times, else those with a name that ends in `time`."""
    said = found.value if isinstance(found.value, dict) else {"pattern": found.value}
    form = next((strptime_of(str(said[key])) for key in said if words(key) in ("pattern", "format")), None)
    columns = [_column(draft, place) for place in range(len(draft.value["columns"]))]
    declared = [column for column in columns if str(column.value.get("type")) == "time"]
    if form is None:
        if declared:
            draft.fault(found.path, unread_format(found.value))
        return bool(declared)
    for column in declared or [each for each in columns if _is_named_time(each)]:
        if not declared:
            column.put("type", "time", found.path)
            name = str(column.value["name"])
            draft.note(found.path, f"no column is named here: {name!r} is taken for a time by its name")
        if (form,) != DEFAULT_FORMATS["time"]:
            column.put("format", form, found.path)
    for key in said:
        if words(key) not in ("pattern", "format", "length"):  # a length says no more than the format
            draft.note((*found.path, key), f"{key!r} is not taken over", asserts=True)
    return True


def _is_named_time(column: ImportedColumn) -> bool:
    return (
        "type" not in column.value and re.search(r"(^|_)time$", str(column.value["name"]).lower()) is not None
    )


def _column(draft: Draft, place: int) -> ImportedColumn:
    return ImportedColumn(draft, ("columns", place), draft.value["columns"][place])


def _domains(draft: Draft, found: PipelineKey) -> bool:
    """Import the allowed values by column."""
    if isinstance(found.value, dict):
        for name, values in found.value.items():
            for column in named_columns(draft, name, (*found.path, name)):
                column.put("allowed", values if isinstance(values, list) else [values], (*found.path, name))
        return True
    return False


def _statuses(draft: Draft, found: PipelineKey) -> bool:
    if isinstance(found.value, dict):
        return _domains(draft, found)
    names = [str(column["name"]) for column in draft.value["columns"]]
    likely = [place for place, name in enumerate(names) if "status" in name.lower()]
    if not isinstance(found.value, list) or not found.value:
        return False
    if len(likely) != 1:
        what = "no column has" if not likely else f"{', '.join(repr(names[place]) for place in likely)} have"
        draft.fault(found.path, f"which column? {what} 'status' in its name (say it under 'domain_values')")
        return True
    _column(draft, likely[0]).put("allowed", found.value, found.path)
    return True


def _level(draft: Draft, found: PipelineKey) -> bool:
    level = str(found.value).upper()
    draft.put(("run", "log", "level"), _LEVELS.get(level, level), found.path)
    return True


def _chunk(draft: Draft, found: PipelineKey) -> bool:
    if not is_number(found.value):
        return False
    draft.put(("run", "chunk_rows"), found.value, found.path)
    return True


def _store(draft: Draft, found: PipelineKey) -> bool:
    # This one selects the store; `type` in any other section is an unknown setting.
    return found.section == "storage"


_NAMES: tuple[tuple[tuple[str, ...], Callable[[Draft, PipelineKey], bool]], ...] = (
    (("pipeline.name", "pipelinename", "dataset", "datasetname", "name"), _name),
    (("version",), _put("version")),
    (("description",), _put("description")),
    (("owner",), _put("owner")),
    (("file.pattern", "file.regex", "filenamepattern", "filepattern", "filenameregex"), _pattern),
    (("file.prefix", "filenameprefix", "fileprefix"), _prefix),
    (("file.suffix", "filenamesuffix", "filesuffix"), _suffix),
    (
        ("file.length", "filenamelength", "expectedfilenamelength", "filelength", "expectedlength"),
        _put("source", "filename", "length"),
    ),
    (
        ("file.extension", "file.extensions", "allowedextensions", "fileextension", "fileextensions",
         "allowedextension", "validextensions"),
        _extensions,
    ),
    (("expectedcolumncount", "columncount", "numberoffields", "numfields", "fieldcount", "expectedfieldcount"), _count),
    (("delimiter", "separator", "sep"), _put("source", "delimiter")),
    (("quote", "quotechar", "quotecharacter"), _put("source", "quote")),
    (("encoding", "fileencoding"), _put("source", "encoding")),
    (("timeformat", "timeformats"), _time_format),
    (("domainvalues", "allowedvalues", "validvalues", "permittedvalues"), _domains),
    (
        ("statuses", "allowedstatuses", "validstatuses", "callstatuses", "allowedstatus", "validstatus",
         "validcallstatuses", "allowedcallstatuses", "statusvalues"),
        _statuses,
    ),
    (("source", "sourcepath", "sourcefile", "input", "inputpath", "inputfile"), _put("run", "source")),
    (("output", "outputdir", "outputpath", "outputdirectory", "targetdir", "targetdirectory"), _put("run", "output")),
    (("logdir", "logdirectory", "logpath"), _put("run", "log", "directory")),
    (("loglevel", "defaultlevel", "level"), _level),
    (("chunksize", "chunkrows", "batchsize"), _chunk),
    (("type",), _store),
)  # fmt: skip
RULES: dict[str, Callable[[Draft, PipelineKey], bool]] = {
    name: reader for names, reader in _NAMES for name in names
}
