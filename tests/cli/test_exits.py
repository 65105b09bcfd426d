"""A bug ends with 70, and says where its traceback is."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from callcenter_etl.cli.exit_codes import guarded
from callcenter_etl.errors import AccountingError, CallcenterEtlError, OutputError, SourceError, UsageError


def app_that_raises(error: BaseException) -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def raising() -> None:
        raise error

    return app


@pytest.fixture(autouse=True)
def _no_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.argv", ["callcenter-etl"])
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("signal.signal", lambda number, handler: None)


@pytest.mark.parametrize("error", [RuntimeError("boom"), AccountingError("one record is missing")])
def test_a_bug_leaves_its_traceback_in_a_file(
    error: Exception, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(app_that_raises(error)) == 70
    (written,) = tmp_path.iterdir()
    said = capsys.readouterr().err
    assert str(written) in said
    assert "report" in said
    assert "Traceback" not in said
    assert str(error) in written.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("error", "code"), [(UsageError("u"), 2), (SourceError("s"), 3), (OutputError("o"), 3)]
)
def test_an_error_of_the_user_is_one_sentence(
    error: CallcenterEtlError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(app_that_raises(error)) == code
    assert capsys.readouterr().err == f"error: {error}\n"
