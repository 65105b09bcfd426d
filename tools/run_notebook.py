"""Run docs/tutorial.ipynb from top to bottom and store the outputs: in place, or in the file named.

Usage: python -m tools.run_notebook [TARGET [FOLDER]]; FOLDER is the working folder, the notebook's own by default.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tools.docs.notebook import NOTEBOOK


def main() -> None:
    """Execute the notebook. Raises CellExecutionError at the first error."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else NOTEBOOK
    folder = sys.argv[2] if len(sys.argv) > 2 else str(NOTEBOOK.parent)
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(
        notebook, timeout=120, record_timing=False, resources={"metadata": {"path": folder}}
    ).execute()
    for cell in notebook.cells:  # the plain text of a result names temporary folders
        if "varies" in cell.metadata.get("tags", []):
            for output in cell.outputs:
                output.data.pop("text/plain")
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(notebook, target)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
