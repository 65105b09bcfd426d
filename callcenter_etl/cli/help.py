"""Formats the help of commands: groups options by purpose, and lists each command with its first sentence.

Plain text, not rich's panels: at 80 columns the panels leave 20 columns for the text of an option, and importing rich
takes longer than the rest of `--help`.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

ARGUMENTS, OPTIONS, COMMANDS = "Arguments", "Options", "Commands"
# Longer than every first sentence: a shorter limit would cut it, although the formatter wraps lines itself.
_WHOLE = 1_000


class GroupedCommand(TyperCommand):
    """A command with one help section for each `rich_help_panel`, in the order of the first option of each."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections; options without a panel come last."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                section = _section_of(parameter)
                # The type of an argument is a Python type, which means nothing to a user.
                name = record[0].partition(" <")[0] if section == ARGUMENTS else record[0]
                sections.setdefault(section, []).append((name, record[1]))
        # Popped and set again, so that it is the last key.
        sections[OPTIONS] = sections.pop(OPTIONS, [])
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class GroupOfCommands(TyperGroup):
    """A group that lists its commands with their first sentences."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        rows = [
            (name, command.get_short_help_str(_WHOLE))
            for name, command in commands.items()
            if command is not None and not command.hidden
        ]
        with formatter.section(COMMANDS):
            formatter.write_dl(rows)


def _section_of(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return ARGUMENTS
    return getattr(parameter, "rich_help_panel", None) or OPTIONS
