"""The files beside a source that belong to its delivery: a control file with counts, a checksum."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.key_types import Flag, FrozenModel, OptionalText, Text
from callcenter_etl.contract.part import Part
from callcenter_etl.contract.partial import read_part
from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.contract.value_fields import Fields, field_faults, match_faults

Found = Iterator[tuple[Path, str, int]]
NAME, STEM = "{name}", "{stem}"
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


class SideFile(FrozenModel):
    """A file beside the source, with a name that may hold that of the source."""

    file: Text = Field(description="its name: {name} is that of the source, {stem} without its extension")
    optional: Flag = Field(default=False, description="may it be missing? Otherwise that refuses the source")

    @field_validator("file", mode="after")
    @classmethod
    def _beside_the_source(cls, name: str) -> str:
        # The name of a source has no separator, so that the file never is in another folder.
        if "/" in name or "\\" in name or "\0" in name or name in ("", ".", ".."):
            raise ValueError(f"the name of a file beside the source is expected, not {quoted(name)}")
        for match in _PLACEHOLDER.finditer(name):
            if match[0] not in (NAME, STEM):
                hint = did_you_mean(match[0], (NAME, STEM))
                raise ValueError(f"unknown placeholder {quoted(match[0])}{hint}, known here: {NAME}, {STEM}")
        if name == NAME:
            raise ValueError(f"{NAME} alone is the source itself")
        return name


class Control(SideFile):
    """A control file: values of the run, such as the number of records that the sender counted."""

    format: Literal["text", "json"] = Field("text", description="text, or a JSON object")
    match: OptionalText = Field(
        None, description="pattern of the whole text, RE2 syntax; its named groups are values"
    )
    fields: Fields = Field(default_factory=dict, description="types of the values, text otherwise")


class Checksum(SideFile):
    """A file with the SHA-256 or MD5 of the source, alone or as sha256sum, md5sum and BSD write it."""


def side_file_faults(declared: Mapping[str, Any], path: Path) -> Found:
    """Yield the faults of `control`; `declared` is the unchecked source section at a path."""
    keys = declared.get("control")
    if not isinstance(keys, dict):
        return
    # With a name that is sound: a faulty `file`, which has no default, would hide the faults of all other keys.
    part: Part[Control] | None = read_part(Control, {**keys, "file": f"{STEM}.ctl"})
    if part is None:
        return
    control, where = part.value, (*path, "control")
    patterns = () if control.match is None else (control.match,)
    yield from match_faults(patterns, (*where, "match"), is_list=False)
    if part.has_unknown_keys or part.broken & {"format", "match"}:
        return
    if control.format == "json" and control.match is not None:
        yield (*where, "match"), "match goes with format: text, and format is json", 0
        return
    if control.format == "text" and control.match is None and keys.get("fields"):
        yield (*where, "fields"), "fields goes with match or with format: json", 0
        return
    yield from field_faults(
        keys.get("fields"), None if control.format == "json" else patterns, (*where, "fields")
    )
