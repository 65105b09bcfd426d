"""Classify errors of a storage as transient or final, and phrase each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator

from callcenter_etl.errors import SourceError
from callcenter_etl.os_errors import os_cause
from callcenter_etl.store.uris import shown

PRECONDITION, NO_RANGE, NO_UPLOAD = "412", "416", "NoSuchUpload"
MISSING_CODES = ("NoSuchKey", "NoSuchVersion", "NotFound", "404")
_REGION = "the bucket is in another region (set AWS_REGION, or region in run.storage_options)"
_EXPIRED = "the credentials have expired (get new ones, with aws sso login for one, and run again)"
_MISSING = "no such object"
_BUCKET = "no such bucket (check its name, the endpoint and the profile)"
_SENTENCES = {
    "NoSuchBucket": _BUCKET,
    "NoSuchKey": _MISSING,
    "404": _MISSING,
    "NotFound": _MISSING,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "InvalidToken": "the store does not take the session token (check AWS_SESSION_TOKEN, or get new credentials)",
    "InvalidAccessKeyId": "the store does not know the access key (check AWS_ACCESS_KEY_ID, the profile and the endpoint)",
    "SignatureDoesNotMatch": "the secret key does not fit the access key (check AWS_SECRET_ACCESS_KEY and the profile)",
    "RequestTimeTooSkewed": "this machine's clock is wrong (set it, then run again)",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "301": _REGION,
    "InvalidObjectState": "the object is archived (restore it from Glacier first)",
    "AccessControlListNotSupported": "the bucket takes no ACLs (leave out acl in run.storage_options)",
    "SlowDown": "the store is throttling (SlowDown)",
}
_DENIED = ("AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "403")
_TRANSIENT_CODES = (
    *("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "RequestTimeoutException"),
    *(
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "TooManyRequests",
    ),
    *("OperationAborted", "XAmzContentSHA256Mismatch", "BadDigest", "IncompleteBody"),
    *("408", "429", "500", "502", "503", "504"),
)
_TRANSIENT_STATUS = (408, 429, 500, 502, 503, 504)
# Class names of botocore, aiohttp and urllib3: compared by name, none of these libraries has to be imported here.
_TRANSIENT_KINDS = (
    *("EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError"),
    *("ReadTimeoutError", "IncompleteReadError", "ResponseParserError", "ResponseStreamingError"),
    *("ClientPayloadError", "ClientConnectionError", "ServerDisconnectedError", "IncompleteRead"),
)
_CUT_KINDS = ("ProtocolError", "ResponseStreamingError", "IncompleteReadError", "ReadTimeoutError")
_FINAL_KINDS = ("SSLError", "ProxyConnectionError", "InvalidProxiesConfigError")
_KINDS = {
    "NoCredentialsError": "no credentials found (set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE,"
    " or run where a role is given)",
    "PartialCredentialsError": "only a part of the credentials was found (set AWS_ACCESS_KEY_ID and"
    " AWS_SECRET_ACCESS_KEY both)",
    "ProfileNotFound": "no such profile (check AWS_PROFILE and ~/.aws/config)",
    "UnauthorizedSSOTokenError": _EXPIRED,
    "SSOTokenLoadError": _EXPIRED,
    "TokenRetrievalError": _EXPIRED,
    "CredentialRetrievalError": "the credentials could not be fetched (check the profile's credential_process or role)",
    "EndpointConnectionError": "the store cannot be reached (check the endpoint and the network)",
    "ConnectTimeoutError": "the store cannot be reached (check the endpoint and the network)",
    "ReadTimeoutError": "the store stopped answering",
    "TimeoutError": "the store stopped answering",
    "ServerTimeoutError": "the store stopped answering",
    "SocketTimeoutError": "the store stopped answering",
    "SSLError": "the store's certificate cannot be verified (check the endpoint, or name its CA in AWS_CA_BUNDLE)",
    "ConnectionClosedError": "the connection was lost",
    "ClientPayloadError": "the connection was lost in the middle of an answer",
    "IncompleteReadError": "the connection was lost in the middle of an answer",
    "ProtocolError": "the connection was lost in the middle of an answer",
    "ResponseStreamingError": "the connection was lost in the middle of an answer",
    "ServerDisconnectedError": "the connection was lost",
    "ResponseParserError": "the response is not one of S3 (check the endpoint)",
}


class MissingError(SourceError):
    """A stored file that does not exist."""


class RetriesExhaustedError(Exception):
    """A call failed with transient errors until its retry budget was used up."""

    def __init__(self, cause: BaseException, *, tries: int, seconds: float) -> None:
        self.cause = cause
        self.tries = tries
        self.seconds = seconds
        super().__init__(f"{tries} tries in {seconds:.0f} s")


def code_of(error: BaseException) -> str | None:
    """Return the error code of the store's response (or its HTTP status), None where there was no response."""
    for each in _chain(error):
        answer = getattr(each, "response", None)
        if isinstance(answer, dict):
            code = str(answer.get("Error", {}).get("Code", ""))
            status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return {"PreconditionFailed": PRECONDITION, "InvalidRange": NO_RANGE}.get(code, code) or str(
                status
            )
    return None


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status of a failed call, None where there was no response."""
    for each in _chain(error):
        answer = getattr(each, "response", None)
        if isinstance(answer, dict):
            status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return None if status is None else int(status)
    return None


def is_transient(error: BaseException) -> bool:
    """Return whether a failed call may succeed when it is retried."""
    if isinstance(error, RetriesExhaustedError) or not isinstance(error, Exception):
        return False  # the budget is used up, or the process is asked to end (KeyboardInterrupt, SystemExit)
    code = code_of(error)
    if code is not None:
        return code in _TRANSIENT_CODES or status_of(error) in _TRANSIENT_STATUS
    names = [each.__name__ for link in _chain(error) for each in type(link).__mro__]
    if any(name in _FINAL_KINDS for name in names):
        return False
    if any(isinstance(link, (TimeoutError, ConnectionError)) for link in _chain(error)):
        return True
    return any(name in _TRANSIENT_KINDS for name in names)


def is_cut_answer(error: BaseException) -> bool:
    """Return whether a response ended within its body, which boto3 does not retry."""
    return any(kind.__name__ in _CUT_KINDS for kind in type(error).__mro__)


def sentence(error: BaseException, *, needs: str) -> str:
    """Return the cause and the remedy of an error; `needs` is the permission that the call requires, as `s3:GetObject`."""
    if isinstance(error, RetriesExhaustedError):
        return f"{sentence(error.cause, needs=needs)}; given up after {error}"
    code = code_of(error)
    if code in _DENIED:
        return f"access denied (the credentials in use need {needs}; a missing object looks the same without s3:ListBucket)"
    if code is not None:
        return _SENTENCES.get(code) or f"the store answered {shown(_words(error))}"
    for link in _chain(error):
        for kind in type(link).__mro__:
            if kind.__name__ in _KINDS:
                return _KINDS[kind.__name__]
    return shown(cause_of(error))


def cause_of(error: BaseException) -> str:
    """Return the message of an error of the operating system or a library, in lower case where it is a phrase."""
    if isinstance(error, OSError):
        return os_cause(error)
    return str(error) or type(error).__name__


def _words(error: BaseException) -> str:
    for each in _chain(error):
        answer = getattr(each, "response", None)
        if isinstance(answer, dict):
            details = answer.get("Error", {})
            return f"{details.get('Code', 'an error')}: {details.get('Message', '')}".rstrip(": ")
    return cause_of(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and the errors that it was raised from, as a traceback would show them."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
