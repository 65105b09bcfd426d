"""docs/reference/cli.md: every command and option, from the command line's own structures."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_args

import typer

from callcenter_etl.cli import app
from callcenter_etl.contract.run_option_table import RUN_OPTIONS

_HEAD = """# Command line

Results go to standard output, progress and logs to standard error. Colours are for terminals alone, and `NO_COLOR` turns
them off there too. Each option that the `run` part of a contract has can also come from an environment variable
`CALLCENTER_ETL_…`; an option wins over the variable, the variable over the contract.

| exit code | meaning |
|---|---|
| 0 | passed: nothing rejected, or rejects within a declared limit |
| 1 | the data broke the contract: rejects, or the source was refused |
| 2 | the command line or the contract is wrong |
| 3 | the run could not be finished: a source that cannot be read, a target that cannot be written |
| 70 | a bug: it says where the traceback is |
| 130 | interrupted |

## Completion in the shell

`callcenter-etl --install-completion` teaches the shell that you are in (bash, zsh or fish) to complete commands, options,
the values of options such as `--format` and `--fail-on`, and file names; start a new shell afterwards. It adds to
`~/.bashrc`, `~/.zshrc` or `~/.config/fish`; to keep these as they are, take the script and put it where you like:

| shell | |
|---|---|
| bash | `_CALLCENTER_ETL_COMPLETE=source_bash callcenter-etl > ~/.local/share/bash-completion/completions/callcenter-etl` |
| zsh | `_CALLCENTER_ETL_COMPLETE=source_zsh callcenter-etl > "${fpath[1]}/_callcenter-etl"` |
| fish | `_CALLCENTER_ETL_COMPLETE=source_fish callcenter-etl > ~/.config/fish/completions/callcenter-etl.fish` |

The commands below are made from their own help by `make docs`.
"""
_HIDDEN = ("help", "install_completion", "show_completion")


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give every command and group with the words that call it, the program itself first."""
    yield from _below((), typer.main.get_command(app))


def _below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _below((*words, name), child)


def command_line_page() -> str:
    """Give the page."""
    lines = [_HEAD, *_run_options()]
    for words, command in commands():
        if words and not hasattr(command, "commands"):
            lines += _command(words, command)
    return "\n".join(lines) + "\n"


def _run_options() -> list[str]:
    """Return the table of a run's options with their spellings."""
    rows = [
        f"| {_code(option.flag if option.on_command_line else None)} | {_code(option.variable)} | {_code(option.contract_key)} | {_cell(option.help)} |"
        for option in RUN_OPTIONS.values()
    ]
    text = "What `validate` runs with, in the order of precedence. Python's `validate` and Glue jobs have the same names with underscores."
    head = ["| option | variable | contract | |", "|---|---|---|---|"]
    return ["## Options of a run", "", text, "", *head, *rows, ""]


def _code(text: str | None) -> str:
    return "" if text is None else f"`{text}`"


def _command(words: tuple[str, ...], command: Any) -> list[str]:
    text, _, example = inspect.cleandoc(command.help or "").partition("\n\nExample: ")
    parameters = [each for each in command.params if each.name not in _HIDDEN]
    arguments = [each for each in parameters if each.param_type_name == "argument"]
    options = [each for each in parameters if each.param_type_name == "option"]
    rows = [f"| `{_cell(_argument(each))}` | {_cell(each.help or '')} |" for each in arguments]
    rows += [f"| `{_cell(_option(each))}` | {_cell(_help(each))} |" for each in options]
    table = ["| | |", "|---|---|", *rows, ""] if rows else []
    return [f"## {' '.join(words)}", "", text, "", "```console", f"$ {example.strip()}", "```", "", *table]


def _argument(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name.upper())
    return (name if parameter.required else f"[{name}]") + ("" if parameter.nargs == 1 else "...")


def _option(parameter: Any) -> str:
    names = ", ".join(parameter.opts) + "".join(f" / {name}" for name in parameter.secondary_opts)
    if parameter.is_flag:
        return names
    return f"{names} {parameter.metavar or '|'.join(_choices(parameter))}"


def _choices(parameter: Any) -> list[str]:
    annotation = parameter.type_descriptor.annotation
    return list(get_args(annotation)) or [each.value for each in annotation]


def _help(parameter: Any) -> str:
    help_ = str(parameter.help or "")
    default = parameter.default
    if parameter.required:
        return f"{help_} Required."
    if parameter.is_flag or default is None or callable(default) or "Default:" in help_:
        return help_
    return f"{help_} Default: {getattr(default, 'value', default)}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
