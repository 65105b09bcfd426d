"""Runs the command line as `python -m callcenter_etl`."""

from __future__ import annotations

from callcenter_etl.cli import main

if __name__ == "__main__":
    main()
