"""The errors that end a command, each with its exit code."""

from __future__ import annotations

from callcenter_etl.diagnostic import Diagnostic


class CallcenterEtlError(Exception):
    """Base of all errors that a user can cause or mend."""

    # The code of what lies outside of the command: sources, targets, connections.
    exit_code = 3


class ContractError(CallcenterEtlError):
    """The contract is wrong; carries a diagnostic of every fault, and warnings, which may name the cause of a fault."""

    exit_code = 2

    def __init__(self, faults: tuple[Diagnostic, ...], warnings: tuple[Diagnostic, ...] = ()) -> None:
        self.faults = faults
        self.warnings = warnings
        super().__init__("\n".join(str(fault) for fault in (*faults, *warnings)))


class UsageError(CallcenterEtlError):
    """The command line, or a call from Python, asks for something impossible."""

    exit_code = 2


class OtherSourceError(UsageError):
    """The output holds files of another source, which the run would replace."""


class ArgumentTypeError(UsageError, TypeError):
    """An argument of a call from Python has the wrong type; a TypeError too, as Python itself would raise."""


class SourceError(CallcenterEtlError):
    """A source, lookup or contract that cannot be read (to its end)."""


class SampleError(CallcenterEtlError):
    """A sample that no contract can be inferred from: empty, or no delimited text."""

    exit_code = 1


class OutputError(CallcenterEtlError):
    """A target that cannot be written."""


class EngineError(CallcenterEtlError):
    """The engine of a run failed: no cluster, lost executors."""


class CheckpointMismatchError(CallcenterEtlError):
    """Files of an interrupted run do not match its checkpoint; the run starts from the beginning."""


class AccountingError(CallcenterEtlError):
    """Records, lines or bytes do not add up: the run publishes nothing."""

    exit_code = 70
