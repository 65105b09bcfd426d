"""Create the S3 clients: s3fs for reading, boto3 for writing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.store.retry import DEFAULT_RETRIES

CONNECT_SECONDS = 10
_Environment = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CredentialsSource:
    """Provider of the credentials, by botocore's name for it, and the region; `fault` where they cannot be found."""

    method: str | None
    region: str | None
    fault: str | None = None


def credentials_source(options: StorageOptions) -> CredentialsSource:
    """Return the provider of the S3 credentials, without showing or using them."""
    import boto3
    from botocore.exceptions import BotoCoreError

    region = _region(options)
    if options.anonymous:
        return CredentialsSource("nowhere (run.storage_options.anonymous)", region)
    try:
        session = boto3.Session(profile_name=options.profile, region_name=region)
        found = session.get_credentials()
    except BotoCoreError as error:
        return CredentialsSource(None, region, str(error).rstrip(".").lower())
    return CredentialsSource(None if found is None else found.method, session.region_name)


def filesystem(options: StorageOptions) -> Any:
    """Return the s3fs filesystem that reads. It does not retry: `store.retry` does, within the options' budget."""
    return _filesystem(options, _environment())


def client(options: StorageOptions) -> Any:
    """Return the boto3 client that writes; botocore's standard mode retries transient failures."""
    return _client(options, _environment())


@lru_cache(maxsize=8)
def _filesystem(options: StorageOptions, environment: _Environment) -> Any:
    from s3fs import S3FileSystem

    region = _region(options)
    made = S3FileSystem(
        anon=options.anonymous,
        endpoint_url=options.endpoint_url,
        client_kwargs={} if region is None else {"region_name": region},
        config_kwargs={**_config(options), "retries": {"mode": "standard", "total_max_attempts": 1}},
        use_listings_cache=False,
        # fsspec caches instances by their arguments alone, and would return a client with earlier credentials.
        skip_instance_cache=True,
        **({} if options.profile is None else {"profile": options.profile}),
    )
    # s3fs retries in a loop of its own around botocore's; both are off, so that one budget counts all tries.
    made.retries = 1
    return made


@lru_cache(maxsize=8)
def _client(options: StorageOptions, environment: _Environment) -> Any:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    session = boto3.Session(profile_name=options.profile, region_name=_region(options))
    mode = session._session.get_config_variable("retry_mode")  # noqa: SLF001  boto3 has no public way
    tries = session._session.get_config_variable("max_attempts")  # noqa: SLF001  same: AWS_MAX_ATTEMPTS
    if options.retries is not None or tries is None:
        tries = (DEFAULT_RETRIES if options.retries is None else options.retries) + 1
    config = _config(options)
    # The hash of the body is part of the signature, so that every store refuses a body that was damaged in transit.
    config["s3"] = {**config["s3"], "payload_signing_enabled": True}
    config["retries"] = {
        "mode": "adaptive" if mode == "adaptive" else "standard",
        "total_max_attempts": int(tries),
    }
    if options.anonymous:
        config["signature_version"] = UNSIGNED
    return session.client("s3", endpoint_url=options.endpoint_url, config=Config(**config))


def _config(options: StorageOptions) -> dict[str, Any]:
    return {
        "connect_timeout": min(CONNECT_SECONDS, options.timeout),
        "read_timeout": options.timeout,
        "s3": {"addressing_style": options.addressing},
        # Many stores refuse the trailing checksums that botocore sends by default (Ceph 16 does).
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }


def _region(options: StorageOptions) -> str | None:
    """Return the region that the options or AWS_REGION set, None where botocore is to find it."""
    # botocore itself reads AWS_DEFAULT_REGION alone, most other AWS tools read AWS_REGION too.
    if options.region is not None or os.environ.get("AWS_DEFAULT_REGION") or options.profile is not None:
        return options.region
    return os.environ.get("AWS_REGION") or None


def _environment() -> _Environment:
    """Return the environment variables that clients read, as a key of their cache."""
    return tuple(sorted((name, text) for name, text in os.environ.items() if name.startswith("AWS_")))


@dataclass(frozen=True, slots=True)
class S3Connection:
    """Connection settings that another library needs to reach S3 as this program does, credentials included."""

    endpoint: str | None
    region: str | None
    path_style: bool
    credentials: tuple[str, str, str | None] | None

    # A traceback or a log line that shows this value must not show the secret key.
    def __repr__(self) -> str:
        return f"S3Connection({self.endpoint!r}, {self.region!r}, ...)"


def s3_connection(options: StorageOptions) -> S3Connection:
    """Return the current connection settings of S3; temporary credentials stay valid for some minutes at least.

    The endpoint is None for AWS's own. Raises what botocore raises where no credentials are found.
    """
    from botocore.exceptions import NoCredentialsError

    made = client(options)
    endpoint = str(made.meta.endpoint_url)
    found = None if options.anonymous else made._request_signer._credentials  # noqa: SLF001  boto3 has no public way
    if found is None and not options.anonymous:
        raise NoCredentialsError
    frozen = None if found is None else found.get_frozen_credentials()
    return S3Connection(
        endpoint=None if urlsplit(endpoint).hostname in _amazon_hosts(made) else endpoint,
        region=made.meta.region_name,
        path_style=options.addressing != "virtual",
        credentials=None if frozen is None else (frozen.access_key, frozen.secret_key, frozen.token),
    )


def _amazon_hosts(made: Any) -> tuple[str, ...]:
    return (
        "s3.amazonaws.com",
        f"s3.{made.meta.region_name}.amazonaws.com",
        f"s3.{made.meta.region_name}.amazonaws.com.cn",
    )
