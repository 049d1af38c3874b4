"""The certificate authorities that a build trusts besides the public ones."""

from __future__ import annotations

from pathlib import Path

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.manifests.run_secrets import AUTHORITIES_PATH, RunSecret

FILE = "ca.crt"
# A builder also keeps them in an annotation, and all annotations of an object take no more than
# 256 KiB (k8s.io/apimachinery: TotalAnnotationSizeLimitB).
LARGEST = 200 << 10
BEGINNING = "-----BEGIN CERTIFICATE-----"
PRIVATE = "PRIVATE KEY-----"


def collect(path: str) -> RunSecret:
    """The Secret with which a build trusts the authorities in a file. Raises UsageError."""
    return RunSecret(suffix="-ca", data={FILE: read(path).encode()}, path=AUTHORITIES_PATH)


def read(path: str) -> str:
    """The certificates (PEM) in a file. Raises UsageError, also where there is a private key."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST + 1)
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(f"cannot read {path}", last_words=str(error)) from None
    if len(data) > LARGEST:
        remedy = "Give only the certificates that the public ones lack."
        raise _unusable(f"{path} is larger than 200 KiB", remedy=remedy)
    if PRIVATE in text:
        raise _unusable(f"{path} has a private key", remedy="Give the certificates alone.")
    if BEGINNING not in text:
        raise _unusable(f"{path} has no certificate", remedy=f"It must have a line {BEGINNING}")
    return text


def _unusable(message: str, *, last_words: str = "", remedy: str = "") -> UsageError:
    code = ErrorCode.CA_FILE_UNUSABLE
    return UsageError(f"--ca-file: {message}", code=code, last_words=last_words, remedy=remedy)
