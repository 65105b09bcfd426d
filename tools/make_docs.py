"""Writes the pages that are made: the contract's keys, the rules, the commands, and the notebook as a page."""

from __future__ import annotations

from pathlib import Path

from tools.docs.command_line import command_line_page
from tools.docs.contract_keys import contract_page
from tools.docs.notebook import notebook_page
from tools.docs.rule_samples import rules_page

FOLDER = Path(__file__).resolve().parent.parent / "docs"
PAGES = {
    "reference/contract.md": contract_page,
    "reference/rules.md": rules_page,
    "reference/cli.md": command_line_page,
    "notebook.md": notebook_page,
}


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
