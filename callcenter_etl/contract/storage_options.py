"""The keys of `run.storage_options`, and the checks that keep secrets out of a contract."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from callcenter_etl.contract.key_types import Flag, OptionalCount, OptionalText, as_count, as_text
from callcenter_etl.contract.paths import holds_nul
from callcenter_etl.contract.quoting import quoted

WHERE_CREDENTIALS_BELONG = (
    "credentials do not belong in a contract (use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, "
    "or the role of the machine)"
)
_SECRET_KEY = re.compile(
    r"key|user(name)?|.*_key|.*(secret|password|passwd|credential|token|access_?key).*", re.IGNORECASE
)
# Only with a password: a user alone gives no access.
_CREDENTIALS = re.compile(r"\w[\w+.-]*://[^/?#@\s]*:[^/?#@\s]*@")
# A signed address gives access to anyone who reads the contract.
_SIGNED = re.compile(
    r"https?://[^?]*\?.*\b(x-amz-\w[\w-]*|x-goog-\w[\w-]*|sig|signature|\w*token|password)=", re.IGNORECASE
)


def is_secret_key(name: str) -> bool:
    """Return whether a key of the storage options names a secret, which a contract must not contain."""
    return _SECRET_KEY.fullmatch(name) is not None


def without_nul(value: Any) -> Any:
    """Return a path or address, or several, unchanged. Raises ValueError if one contains a NUL character."""
    for each in value if isinstance(value, tuple) else (value,):
        if each is not None and holds_nul(each):
            raise ValueError(f"a path holds no NUL character, found {quoted(each)}")
    return value


def without_credentials(value: Any) -> Any:
    """Return an address, or several, unchanged.

    Raises ValueError if one contains a password, a signature or a NUL character.
    """
    for each in value if isinstance(value, tuple) else (value,):
        if each is not None and (_CREDENTIALS.match(each) or _SIGNED.match(each)):
            raise ValueError(WHERE_CREDENTIALS_BELONG)
    return without_nul(value)


def _seconds(value: Any) -> int:
    seconds = as_count(value)
    if seconds == 0:
        raise ValueError("at least 1 is expected, not 0")
    return seconds


OptionalPath = Annotated[OptionalText, AfterValidator(without_nul)]
OptionalAddress = Annotated[OptionalText, AfterValidator(without_credentials)]
Address = Annotated[
    str, BeforeValidator(as_text), AfterValidator(without_credentials), WithJsonSchema({"type": "string"})
]
Seconds = Annotated[int, BeforeValidator(_seconds), WithJsonSchema({"type": "integer", "minimum": 1})]


class StorageOptions(BaseModel):
    """Connection settings of S3; those left out come from the environment and the profile, as for AWS tools."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint_url: OptionalAddress = Field(None, description="address of the store, where it is not AWS")
    profile: OptionalText = Field(None, description="profile of ~/.aws to take credentials and settings from")
    region: OptionalText = Field(None, description="region of the bucket")
    anonymous: Flag = Field(default=False, description="sign nothing: for public buckets")
    addressing: Literal["auto", "path", "virtual"] = Field(
        "auto", description="is the bucket named in the path or in the host?"
    )
    sse: Literal["AES256", "aws:kms", "aws:kms:dsse"] | None = Field(
        None, description="server-side encryption of what is written"
    )
    kms_key_id: OptionalText = Field(None, description="id, ARN or alias of the KMS key of sse")
    acl: (
        Literal[
            "private",
            "public-read",
            "public-read-write",
            "authenticated-read",
            "aws-exec-read",
            "bucket-owner-read",
            "bucket-owner-full-control",
        ]
        | None
    ) = Field(None, description="canned ACL of what is written")
    retries: OptionalCount = Field(None, description="most retries of one request that makes no progress")
    retry_seconds: Seconds = Field(
        120, description="how long one read may go on failing without progress before the run gives up"
    )
    timeout: Seconds = Field(30, description="how many seconds a connection may be silent")
