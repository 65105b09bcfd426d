"""docs/notebook.md: the notebook as a page, with the outputs that are stored in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "tutorial.ipynb"
_HEAD = "<!-- made from tutorial.ipynb by make docs -->\n"


def notebook_page() -> str:
    """Give the page."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return "\n".join([_HEAD, *(block for cell in cells for block in _blocks(cell))])


def _blocks(cell: dict[str, Any]) -> list[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source + "\n"]
    return [f"```python\n{source}\n```\n", *(_output(each) for each in cell["outputs"])]


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {"text/plain": output.get("text", [])})
    if "text/html" in data:
        return f'<div class="output">\n{"".join(data["text/html"]).strip()}\n</div>\n'
    text = "".join(data["text/plain"]).rstrip("\n")
    return f"```text\n{text}\n```\n"
