"""`callcenter-etl contract diff` and `contract test`: the effects of a change, and tests of a contract."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from callcenter_etl.cli.exit_codes import print_error, print_skipped
from callcenter_etl.cli.output_formats import Form, OutputFormat
from callcenter_etl.errors import SourceError, UsageError

if TYPE_CHECKING:
    from callcenter_etl.api_contract import Contract
    from callcenter_etl.tools.backtest.backtest import BackTest


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The contract as it was.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The contract as it will be.")],
    # The shell expands `--against *.csv` to one option value and further arguments.
    more: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE", help="Further sources after that of --against."),
    ] = None,
    *,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="SOURCE",
            help="Validate these files, globs or addresses against both contracts.",
        ),
    ] = None,
    form: Form = OutputFormat.text,
) -> None:
    """List the changes between two contracts by effect: breaking, loosening, neutral.

    Breaking: a source or record that OLD accepts may be refused or rejected under NEW. Exit codes: 0 nothing is
    breaking, 1 something is, 2 the command line or a contract is wrong, 3 a source cannot be read. The contracts
    alone decide between 0 and 1; --against shows which records of sources flip.

    Example: callcenter-etl contract diff old.yaml new.yaml --against "in/*.csv"
    """
    from callcenter_etl.api import back_tests, diff_contracts
    from callcenter_etl.api_contract import load_contracts
    from callcenter_etl.diagnostics.diff_report import DIFF_RENDERERS

    if more and not against:
        raise UsageError(f"two contracts are compared, {more[0]!r} is a third (sources come after --against)")
    before, after = load_contracts([old, new])
    changes = diff_contracts(before, after)
    sources = _sources([*(against or []), *(more or [])], after)
    tests: list[BackTest] = []
    failures: list[int] = []
    for source in sources:
        try:
            tests += back_tests([source], before, after)
        except SourceError as error:  # the changes and the other sources are reported all the same
            failures.append(print_error(error))
    DIFF_RENDERERS[form.value](changes, tests, sys.stdout)
    # The highest code: an unreadable source must not hide behind a breaking change.
    raise typer.Exit(max([int(any(change.tightens for change in changes)), *failures]))


def _sources(patterns: list[str], contract: Contract) -> list[str]:
    from callcenter_etl.source_patterns import resolve_sources
    from callcenter_etl.sources.side_file_reader import without_side_files

    storage, member = contract.document.run.storage_options, contract.document.source.member
    found = resolve_sources(patterns, storage, member, on_skipped=print_skipped)
    return without_side_files(found, contract.document.source)


def try_out_contracts(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Contracts, YAML or JSON.")],
    *,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 also if a rule cannot be broken alone.")
    ] = False,
    form: Form = OutputFormat.text,
) -> None:
    """Test contracts: check their examples, and search for each rule a record that breaks it alone.

    Exit codes: 0 every example has the declared verdict, 1 one has not, 2 the command line or a contract is wrong,
    3 a lookup cannot be read. Rules that cannot be broken alone are reported, and do not count without --strict.

    Example: callcenter-etl contract test contracts/*.yaml
    """
    from callcenter_etl.api import examine_contract
    from callcenter_etl.api_contract import load_contracts
    from callcenter_etl.diagnostics.contract_test_report import CONTRACT_TEST_RENDERERS

    contract_tests = [examine_contract(contract) for contract in load_contracts(files)]
    CONTRACT_TEST_RENDERERS[form.value](contract_tests, sys.stdout)
    sound = all(
        contract_test.holds and (contract_test.covered or not strict) for contract_test in contract_tests
    )
    raise typer.Exit(0 if sound else 1)
