"""The Glue entry: job arguments give the run of everywhere, and the example is what Glue's API takes."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from callcenter_etl import glue
from callcenter_etl.errors import UsageError
from tests.engines.spark.support import outcome_of

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "glue"
SOURCE = ROOT / "src_files" / "call_center_raw_202501.csv"
CONTRACT = ROOT / "contracts" / "call_center.yaml"

pytestmark = [
    pytest.mark.xdist_group("spark"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def arguments(output: Path, **more: str) -> list[str]:
    given = {"JOB_NAME": "x", "source": str(SOURCE), "contract": str(CONTRACT), "output": str(output), **more}
    return [
        "job.py",
        *(text for name, value in given.items() for text in (f"--{name}", value)),
        "--TempDir",
        "t",
    ]


def example(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((EXAMPLE / name).read_text(encoding="utf-8"))
    return read


def test_the_arguments_of_a_job_are_read_whatever_else_glue_passes(tmp_path: Path) -> None:
    found = glue.job_arguments([*arguments(tmp_path), "--max_rejected=5%", "--enable-metrics", "true"])
    assert found == {
        "source": str(SOURCE),
        "contract": str(CONTRACT),
        "output": str(tmp_path),
        "max_rejected": "5%",
    }


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"workers": "many"}, "a whole number"),
        ({"force": "perhaps"}, "true or false"),
        ({"parts": "some"}, "true or false"),
        ({"fail_on": "x"}, "none of"),
        ({"engine": "sparc"}, "none of local, spark"),
    ],
)
def test_a_wrong_argument_is_named(more: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words):
        glue.main(arguments(tmp_path, **more))


def test_what_is_missing_is_named_at_once() -> None:
    with pytest.raises(UsageError, match="--source, --output"):
        glue.job_arguments(["job.py", "--contract", "c.yaml"])


def test_the_example_runs_with_what_the_api_has_stored_and_fails_the_job_on_rejects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], needs_spark: None
) -> None:
    with mock_aws():
        client = boto3.client("glue", region_name="eu-central-1")
        job = example("job.json")
        client.create_job(**job)
        stored = client.get_job(JobName=job["Name"])["Job"]
        assert stored["Command"] == job["Command"]
        mine = {"--source": str(SOURCE), "--contract": str(CONTRACT), "--output": str(tmp_path / "o")}
        run_id = client.start_job_run(JobName=job["Name"], Arguments=mine)["JobRunId"]
        assert client.get_job_run(JobName=job["Name"], RunId=run_id)["JobRun"]["JobName"] == job["Name"]
    given = {**stored["DefaultArguments"], **mine, "--JOB_NAME": job["Name"], "--workers": "2"}
    monkeypatch.setattr(sys, "argv", ["job.py", *(text for pair in given.items() for text in pair)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(EXAMPLE / "job.py"), run_name="__main__")
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "o" / "summary.json").read_bytes())
    glue.main(arguments(tmp_path / "local", engine="local", fail_on="never"))
    assert outcome_of(tmp_path / "o") == outcome_of(tmp_path / "local")
    glue.main(arguments(tmp_path / "parts", parts="true", workers="2", fail_on="never"))
    assert (tmp_path / "parts" / "target" / "_SUCCESS").exists()


def test_the_policy_and_the_role_are_well_formed_and_allow_no_wildcard_action() -> None:
    with mock_aws():
        iam = boto3.client("iam", region_name="eu-central-1")
        trust = json.dumps(example("trust.json"))
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
        policy = json.dumps(example("policy.json"))
        iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy)
    for statement in example("policy.json")["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions)
        assert statement["Resource"] != "*"
