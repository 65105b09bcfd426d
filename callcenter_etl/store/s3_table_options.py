"""Translate the storage options into those of the libraries that write tables."""

from __future__ import annotations

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import OutputError, UsageError
from callcenter_etl.store import store_errors
from callcenter_etl.store.uris import is_s3, shown


def delta_options(uri: str, options: StorageOptions) -> dict[str, str]:
    """Return delta-rs's storage options for an address, empty for a local one. They hold secrets: never show them.

    Raises UsageError for options that delta-rs does not have, OutputError where credentials cannot be found.
    """
    if not is_s3(uri):
        return {}
    if options.acl is not None:
        raise UsageError(
            f"{shown(uri)}: run.storage_options.acl cannot be applied to a table, since another library writes its log"
            " (leave it out, and let the bucket's policy decide)"
        )
    from callcenter_etl.store.s3_session import s3_connection

    try:
        connection = s3_connection(options)
    except Exception as error:
        raise OutputError(f"{shown(uri)}: {store_errors.sentence(error, needs='s3:PutObject')}") from error
    key, secret, token = connection.credentials or (None, None, None)
    settings = {
        "aws_access_key_id": key,
        "aws_secret_access_key": secret,
        "aws_session_token": token,
        "aws_skip_signature": "true" if options.anonymous else None,
        "aws_region": connection.region or "us-east-1",
        "aws_endpoint": connection.endpoint,
        "aws_allow_http": "true" if (connection.endpoint or "").startswith("http://") else None,
        "aws_virtual_hosted_style_request": "false" if connection.path_style else "true",
        "aws_server_side_encryption": options.sse,
        "aws_sse_kms_key_id": options.kms_key_id,
        # A commit is a put with `If-None-Match: *`, so that of two writers of one version one wins.
        "aws_conditional_put": "etag",
        "timeout": f"{options.timeout}s",
    }
    return {name: text for name, text in settings.items() if text is not None}
