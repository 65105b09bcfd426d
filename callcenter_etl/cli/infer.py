"""`callcenter-etl contract infer`: derive a contract from samples."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callcenter_etl.errors import UsageError
from callcenter_etl.imports import uncollected
from callcenter_etl.os_errors import entry_exists, translate_os_errors
from callcenter_etl.terminal import printable

if TYPE_CHECKING:
    from callcenter_etl.tools.infer import Inference, Step

SECONDS_BETWEEN_LINES = 5.0


SamplesArgument = Annotated[
    list[str],
    typer.Argument(metavar="SAMPLE", help="Files, globs, addresses such as s3://, or - for standard input."),
]
OutputOption = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write here instead of standard output."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite FILE.")]
NameOption = Annotated[
    str | None,
    typer.Option("--id", metavar="NAME", help="The contract's id. Default: from the file name."),
]
ToleranceOption = Annotated[
    str,
    typer.Option(
        "--tolerance", metavar="N%", help="Share of a column's values that may be outliers of its rules."
    ),
]
MaxRecordsOption = Annotated[
    int | None,
    typer.Option("--max-records", min=1, metavar="N", help="Records to read of each sample. Default: all."),
]
DelimiterOption = Annotated[
    str | None,
    typer.Option("--delimiter", metavar="CHAR", help="The delimiter, instead of a guess; \\t is a tab."),
]
HeaderOption = Annotated[
    bool | None,
    typer.Option("--header/--no-header", help="Whether there is a header, instead of a guess."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only on standard error.")]


def infer(
    samples: SamplesArgument,
    *,
    output: OutputOption = None,
    force: ForceOption = False,
    name: NameOption = None,
    tolerance: ToleranceOption = "1%",
    max_records: MaxRecordsOption = None,
    delimiter: DelimiterOption = None,
    header: HeaderOption = None,
    quiet: QuietOption = False,
) -> None:
    """Infer a contract from samples: dialect, encoding, header, types and rules, each with its evidence.

    The contract accepts all records of the samples except the outliers that it lists; the samples are validated
    against it at the end.

    Exit codes: 0 inferred, 1 a sample is no delimited text, 2 the command line is wrong or the samples do not go
    together, 3 a sample cannot be read or FILE not written.

    Example: callcenter-etl contract infer calls_202501.csv -o calls.yaml
    """
    with uncollected():
        from callcenter_etl.cli.exit_codes import print_skipped
        from callcenter_etl.source_patterns import only_members, resolve_sources
        from callcenter_etl.tools.infer import InferOptions, infer_contract

    # Before the samples are read, which may take minutes.
    if output is not None and entry_exists(output) and not force:
        raise UsageError(f"{output}: exists already (--force overwrites it)")
    options = InferOptions(
        samples=tuple(resolve_sources(samples, members_of=only_members, on_skipped=print_skipped)),
        id=name,
        tolerance=_share(tolerance),
        max_records=max_records,
        # A shell passes \t as two characters.
        delimiter="\t" if delimiter == "\\t" else delimiter,
        header=header,
    )
    inference = infer_contract(options, on_step=_quiet if quiet else _shown())
    if output is None:
        sys.stdout.write(inference.text)
    else:
        _write(output, inference.text)
        if not quiet:
            _say_where_the_schema_goes(Path(output))
    if not quiet:
        _print_outcome(inference)


def _share(text: str) -> Fraction:
    try:
        percent = Decimal(text.strip().removesuffix("%"))
    except InvalidOperation:
        percent = Decimal(-1)
    if not 0 <= percent < 50:
        raise UsageError(f"--tolerance: a percentage from 0% to below 50% is expected, not {text!r}")
    # Exact: a float of 1% would move the limit of outliers for some numbers of values.
    return Fraction(percent) / 100


def _write(output: str, text: str) -> None:
    from callcenter_etl.writers.whole_file import open_whole

    with translate_os_errors(output), open_whole(Path(output)) as file:
        file.write(text)


def _say_where_the_schema_goes(output: Path) -> None:
    from callcenter_etl.tools.infer.contract_yaml import SCHEMA_FILE

    schema = output.parent / SCHEMA_FILE
    # The inferred file refers to the schema for editors, but no command writes it unasked.
    if not schema.exists():
        print(f"for editors: callcenter-etl contract schema > {shlex.quote(str(schema))}", file=sys.stderr)


def _quiet(step: Step) -> None:
    """Ignore a step of the inference."""


def _shown() -> Callable[[Step], None]:
    last = time.monotonic()

    def show(step: Step) -> None:
        # At intervals, so that a log file is not filled with progress.
        nonlocal last
        if time.monotonic() - last < SECONDS_BETWEEN_LINES:
            return
        last = time.monotonic()
        of = "" if step.bytes_total is None else f" of {step.bytes_total:,}"
        print(f"{printable(step.name)}: {step.bytes_read:,}{of} bytes", file=sys.stderr)

    return show


def _print_outcome(inference: Inference) -> None:
    from callcenter_etl.tools.infer.evidence import count_of, lines_of, plural

    outcome = inference.outcome
    print(f"{count_of(outcome.accepted, outcome.read, 'record')} accepted", file=sys.stderr)
    for rule, broken in outcome.broken.items():
        where = lines_of(broken.places, broken.count)
        print(f"  {printable(rule)}: {plural(broken.count, 'outlier')}, {where}", file=sys.stderr)
