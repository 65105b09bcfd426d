"""Renderers of summaries, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from callcenter_etl.diagnostics.json_report import render_json
from callcenter_etl.diagnostics.text_report import render_text
from callcenter_etl.run.summary import Summary

Renderer = Callable[[Sequence[Summary], TextIO], None]
RENDERERS: dict[str, Renderer] = {"text": render_text, "json": render_json}
