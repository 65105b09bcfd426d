"""Addresses: relative ones, and a form without secrets."""

from __future__ import annotations

import pytest

from callcenter_etl.store.uris import base_name, local_path, resolve_relative, shown


@pytest.mark.parametrize(
    ("origin", "name", "address"),
    [
        ("contracts/c.yaml", "ids.csv", "contracts/ids.csv"),
        ("c.yaml", "/x/ids.csv", "/x/ids.csv"),
        (None, "ids.csv", "ids.csv"),
        ("s3://b/contracts/c.yaml", "ids.csv", "s3://b/contracts/ids.csv"),
        ("s3://b/contracts/c.yaml", "../lists/ids.csv", "s3://b/lists/ids.csv"),
        ("s3://b/c.yaml", "../../../other/ids.csv", "s3://b/other/ids.csv"),
        ("s3://b/c.yaml", "s3://other/ids.csv", "s3://other/ids.csv"),
        ("https://h/a/c.yaml?version=1", "ids.csv", "https://h/a/ids.csv"),
    ],
)
def test_a_lookup_is_relative_to_its_contract(origin: str | None, name: str, address: str) -> None:
    assert resolve_relative(origin, name) == address


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("s3://b/a?b.csv", "s3://b/a?b.csv"),
        ("sftp://me:pw@h/x.csv: denied", "sftp://***@h/x.csv: denied"),
        ("https://h/x.csv?X-Amz-Signature=abc&y=1: gone", "https://h/x.csv?... gone"),
        ('cannot reach "http://me:pw@h/b"', 'cannot reach "http://***@h/b"'),
        ("a/b@c.csv", "a/b@c.csv"),
    ],
)
def test_no_user_password_or_signature_is_shown(text: str, safe: str) -> None:
    assert shown(text) == safe


def test_names_and_paths_are_taken_out_of_addresses() -> None:
    assert base_name("https://h/a/calls%20x.csv?sig=1") == "calls x.csv"
    assert base_name("s3://b/p/calls.csv.gz") == "calls.csv.gz"
    assert local_path("file:///a/b%20c.csv") == "/a/b c.csv"
