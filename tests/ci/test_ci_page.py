"""What docs/ci.md shows runs, or keeps the schema of those who read it; the Python task runs without Airflow."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import callcenter_etl
from tests.ci.support import action
from tests.ci.test_hooks import hooks
from tests.reports.support import write_sources
from tests.shared_folder import REPOSITORY
from tests.test_readme import BLOCK, Block, run

PAGE = (REPOSITORY / "docs" / "ci.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def blocks(language: str) -> list[Block]:
    found = []
    for match in BLOCK.finditer(PAGE):
        verb, _, argument = (match["mark"] or "").partition(": ")
        found.append(Block(verb=verb, argument=argument, language=match["language"], text=match["text"]))
    return [block for block in found if block.language == language]


def with_schema(schema: str) -> Block:
    return next(block for block in blocks("yaml") if block.argument == schema)


def loaded(schema: str) -> dict[str, Any]:
    values: dict[str, Any] = YAML(typ="safe").load(with_schema(schema).text)
    return values


def test_every_block_is_run_or_checked() -> None:
    assert [block.verb for block in blocks("bash")] == ["runs", "runs"]
    assert [block.verb for block in blocks("yaml")] == ["schema"] * 3
    assert len(blocks("python")) == 1
    assert len(list(BLOCK.finditer(PAGE))) == 6


def test_the_commands_end_as_they_say(tmp_path: Path) -> None:
    write_sources(tmp_path)
    (tmp_path / "c.yaml").rename(tmp_path / "calls.yaml")
    (tmp_path / "bad.csv").rename(tmp_path / "calls.csv")
    for block in blocks("bash"):
        done = run(["bash", "-eu", "-c", block.text], tmp_path)
        assert f"exit {done.returncode}" == block.argument, done.stderr
    assert (tmp_path / "junit.xml").exists()
    assert (tmp_path / "calls.sarif").exists()


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "vendor.gitlab-ci"])
def test_the_pipelines_keep_their_schemas(tmp_path: Path, schema: str) -> None:
    file = tmp_path / "pipeline.yml"
    file.write_text(with_schema(schema).text, encoding="utf-8")
    words = [str(BIN / "check-jsonschema"), "--builtin-schema", schema, str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_workflow_uses_inputs_and_outputs_that_the_action_has() -> None:
    steps = loaded("vendor.github-workflows")["jobs"]["validate"]["steps"]
    assert set(steps[1]["with"]) <= set(action()["inputs"])
    named = set(re.findall(r"steps\.calls\.outputs\.([a-z-]+)", PAGE))
    assert named <= set(action()["outputs"])
    table = PAGE.split("| input |", 1)[1].split("\n\n", 1)[0]
    told = {name for row in table.splitlines() for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    assert told == set(action()["inputs"])


def test_the_gitlab_job_runs_and_writes_the_report_that_it_names(tmp_path: Path) -> None:
    write_sources(tmp_path)
    (tmp_path / "src_files").mkdir()
    (tmp_path / "contracts").mkdir()
    (tmp_path / "good.csv").rename(tmp_path / "src_files" / "good.csv")
    (tmp_path / "c.yaml").rename(tmp_path / "contracts" / "call_center.yaml")
    job = loaded("vendor.gitlab-ci")["validate-calls"]
    lines = [f"export {name}={text}" for name, text in job["variables"].items()] + job["script"]
    done = run(["bash", "-eu", "-c", "\n".join(lines)], tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / job["artifacts"]["reports"]["junit"]).exists()
    assert (tmp_path / job["artifacts"]["paths"][0] / "good" / "summary.json").exists()


def test_pre_commit_takes_the_configuration_and_its_hooks_are_there(tmp_path: Path) -> None:
    file = tmp_path / ".pre-commit-config.yaml"
    file.write_text(with_schema("pre-commit").text, encoding="utf-8")
    done = subprocess.run([BIN / "pre-commit", "validate-config", file], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    named = [hook["id"] for repo in loaded("pre-commit")["repos"] for hook in repo["hooks"]]
    assert named == list(hooks())


class AirflowFailException(Exception):  # noqa: N818  Airflow's own name
    """Stands for Airflow's, which the task raises."""


def airflow_task() -> Any:
    """Give the Python task as a plain function, without Airflow."""
    tree = ast.parse(blocks("python")[0].text)
    (node,) = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef) and each.name == "validate_with_python"
    ]
    node.decorator_list = []
    names: dict[str, Any] = {"AirflowFailException": AirflowFailException}
    exec(compile(ast.unparse(node), "docs/ci.md", "exec"), names)  # noqa: S102  the documentation's own example
    return names[node.name]


def test_the_python_task_passes_fails_for_good_and_lets_airflow_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_sources(tmp_path)
    real = callcenter_etl.validate

    def with_our_contract(source: str, contract: str, *, output: str) -> Any:
        assert contract == "/opt/contracts/call_center.yaml"
        return real(source, "c.yaml", output=output)

    monkeypatch.setattr(callcenter_etl, "validate", with_our_contract)
    task = airflow_task()
    assert task("good.csv", "out/good")["accepted"] == 2
    with pytest.raises(AirflowFailException, match=r"bad\.csv: rejects, see out/bad/exceptions\.csv"):
        task("bad.csv", "out/bad")
    assert Path("out/bad/exceptions.csv").exists()
    with pytest.raises(callcenter_etl.SourceError):
        task("none.csv", "out/none")


def test_the_bash_command_of_airflow_is_a_command_that_there_is(tmp_path: Path) -> None:
    tree = ast.parse(blocks("python")[0].text)
    (command,) = [
        each.value.value
        for each in ast.walk(tree)
        if isinstance(each, ast.keyword)
        and each.arg == "bash_command"
        and isinstance(each.value, ast.Constant)
    ]
    write_sources(tmp_path)
    text = re.sub(r"s3://checked/calls", "out", str(command)).replace("{{ ds }}", "d")
    text = text.replace("s3://drops/calls/d/*.csv", "good.csv").replace(
        "/opt/contracts/call_center.yaml", "c.yaml"
    )
    done = run(["bash", "-eu", "-c", text], tmp_path)
    assert done.returncode == 0, textwrap.shorten(done.stderr, 500)
    assert (tmp_path / "out/d/summary.json").exists()
