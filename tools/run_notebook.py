"""Runs docs/tutorial.ipynb from top to bottom and stores the outputs: in place, or in the file named."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tools.docs.notebook import NOTEBOOK


def main() -> None:
    """Execute in the notebook's own folder, as Jupyter does. Raises CellExecutionError at the first error."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else NOTEBOOK
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]  # it has no types
    NotebookClient(
        notebook, timeout=120, record_timing=False, resources={"metadata": {"path": str(NOTEBOOK.parent)}}
    ).execute()
    for cell in notebook.cells:  # what a run's card stands for as text names temporary folders
        if "varies" in cell.metadata.get("tags", []):
            for output in cell.outputs:
                output.data.pop("text/plain")
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(notebook, target)  # type: ignore[no-untyped-call]  # same


if __name__ == "__main__":
    main()
