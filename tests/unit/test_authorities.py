"""The file of `--ca-file`."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.parameters import authorities
from tests.errors import raises_code

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"


def test_what_a_build_gets(tmp_path: Path) -> None:
    file = tmp_path / "company.pem"
    file.write_text(f"# Company\n{CERTIFICATE}", encoding="utf-8")
    made = authorities.collect(str(file))
    assert made.data == {"ca.crt": f"# Company\n{CERTIFICATE}".encode()}
    assert made.path == "/run/ca"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "cannot read"),
        (b"", "has no certificate"),
        (b"\xff\xfe", "cannot read"),
        (f"{CERTIFICATE}-----BEGIN EC PRIVATE KEY-----\n".encode(), "has a private key"),
        (CERTIFICATE.encode() * 4000, "is larger than 200 KiB"),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes | None, words: str) -> None:
    file = tmp_path / "company.pem"
    if data is not None:
        file.write_bytes(data)
    with raises_code(ErrorCode.CA_FILE_UNUSABLE, UsageError) as raised:
        authorities.read(str(file))
    assert words in raised.value.message
