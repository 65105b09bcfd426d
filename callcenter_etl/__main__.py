"""`python -m callcenter_etl`: the same as `callcenter-etl`."""

from __future__ import annotations

from callcenter_etl.cli import main

if __name__ == "__main__":
    main()
