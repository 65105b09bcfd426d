"""Writes docs/reference/: the contract from its models, the rules from their samples, the commands from the command line."""

from __future__ import annotations

from pathlib import Path

from tools.docs.command_line import command_line_page
from tools.docs.contract_keys import contract_page
from tools.docs.rule_samples import rules_page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGES = {"contract.md": contract_page, "rules.md": rules_page, "cli.md": command_line_page}


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
