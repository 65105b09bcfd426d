"""Floor: an Arrow read of every column as text, with no check and no output.

python arrow_read.py SOURCE OUTDIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
from pyarrow import csv


def main(source: Path) -> None:
    """Read the source, block by block, on both cores."""
    with source.open("rb") as file:
        header = file.readline().decode().rstrip("\n").split(",")
    types = csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()))
    print(csv.read_csv(source, convert_options=types).num_rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
