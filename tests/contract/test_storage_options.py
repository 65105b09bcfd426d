"""What a contract may say of storages, and the secrets that it may not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import ContractError, load_contract

SECRETS = (
    *("key", "secret", "token", "password", "username", "aws_access_key_id", "aws_secret_access_key"),
    *("aws_session_token", "secret_key", "accessKey", "account_key", "sas_token", "credentials"),
)


def faults_of(run: dict[str, Any], **more: Any) -> list[str]:
    document = {"contract": "c", "columns": [{"name": "a", **more}], "run": run}
    with pytest.raises(ContractError) as error:
        load_contract(document)
    return [str(fault) for fault in error.value.faults]


@pytest.mark.parametrize("key", SECRETS)
def test_a_secret_is_refused_and_never_repeated(key: str) -> None:
    (fault,) = faults_of({"storage_options": {key: "hunter2"}})
    assert fault.startswith(
        f"run.storage_options.{key}: credentials do not belong in a contract (use AWS_ACCESS_KEY_ID"
    )
    assert "hunter2" not in fault


@pytest.mark.parametrize(
    "address",
    ["s3://AK:hunter2@b/x.csv", "https://me:hunter2@h/x", "https://h/x.csv?a=1&X-Amz-Signature=hunter2"],
)
def test_an_address_with_a_secret_is_refused(address: str) -> None:
    run = {
        "source": [address],
        "output": address,
        "publish_to": address,
        "storage_options": {"endpoint_url": address},
    }
    faults = faults_of(run, lookup={"file": address, "column": "a"})
    assert len(faults) == 5
    assert all("credentials do not belong in a contract" in fault for fault in faults)
    assert not any("hunter2" in fault for fault in faults)


def test_options_are_checked_like_all_else(tmp_path: Path) -> None:
    text = (
        "contract: c\ncolumns: [{name: a}]\nrun:\n  storage_options:\n"
        "    regoin: x\n    sse: KMS\n    timeout: 0\n    retries: many\n"
    )
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ContractError) as error:
        load_contract(tmp_path / "c.yaml")
    assert [(fault.location.line, fault.message) for fault in error.value.faults] == [
        (5, "unknown key (did you mean 'region'?)"),
        (6, "'AES256', 'aws:kms' or 'aws:kms:dsse' is expected, not 'KMS' (did you mean 'aws:kms'?)"),
        (7, "at least 1 is expected, not 0"),
        (8, "a whole number of 0 or more is expected, not 'many'"),
    ]


def test_all_keys_are_taken() -> None:
    options = {
        "endpoint_url": "http://127.0.0.1:9000",
        "profile": "drops",
        "region": "eu-central-1",
        "anonymous": False,
        "addressing": "path",
        "sse": "aws:kms",
        "kms_key_id": "alias/drops",
        "acl": "bucket-owner-full-control",
        "retries": 3,
        "retry_seconds": 60,
        "timeout": 10,
    }
    run = {"storage_options": options, "staging": "/scratch", "publish_to": "s3://b/p"}
    document = load_contract({"contract": "c", "columns": [{"name": "a"}], "run": run}).document
    assert document.run.storage_options.model_dump() == options
    assert (document.run.staging, document.run.publish_to) == ("/scratch", "s3://b/p")
