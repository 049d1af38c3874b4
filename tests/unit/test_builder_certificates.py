"""The certificates of a builder, made and checked by real openssl."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from kubectl_submit.builders import certificates
from kubectl_submit.builders.certificates import Certificates, Pair
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError
from kubectl_submit.process import command
from tests.errors import raises_code

from .programs import Answer, Program

HOSTS = ["fast", "fast.team.svc"]
OPENSSL = shutil.which("openssl", path=os.environ["PATH"]) or "this test needs openssl"


@pytest.fixture(autouse=True)
def with_openssl(tmp_path: Path) -> None:
    (tmp_path / "bin" / "openssl").symlink_to(OPENSSL)


@pytest.fixture
def made() -> Certificates:
    return certificates.make(HOSTS)


def openssl(*arguments: str, text: str = "") -> str:
    """What openssl says."""
    argv = [OPENSSL, *arguments]
    return subprocess.run(argv, input=text, text=True, capture_output=True, check=True).stdout


@pytest.mark.parametrize(("role", "other"), [("server", "client"), ("client", "server")])
def test_each_is_signed_for_its_purpose(
    made: Certificates, tmp_path: Path, role: str, other: str
) -> None:
    pair: Pair = getattr(made, role)
    (tmp_path / "ca").write_text(made.authority)
    (tmp_path / "one").write_text(pair.certificate)
    verify = ("verify", "-CAfile", str(tmp_path / "ca"), "-purpose")
    assert "OK" in openssl(*verify, f"ssl{role}", str(tmp_path / "one"))
    with pytest.raises(subprocess.CalledProcessError):
        openssl(*verify, f"ssl{other}", str(tmp_path / "one"))


def test_a_key_belongs_to_its_certificate(made: Certificates) -> None:
    for pair in (made.server, made.client):
        public = openssl("x509", "-noout", "-pubkey", text=pair.certificate)
        assert openssl("pkey", "-pubout", text=pair.key) == public
    assert made.server.key != made.client.key


def test_the_server_has_all_its_names(made: Certificates) -> None:
    shown = openssl("x509", "-noout", "-text", text=made.server.certificate)
    for host in HOSTS:
        assert f"DNS:{host}" in shown


def test_the_end_is_told(made: Certificates) -> None:
    ends = openssl("x509", "-noout", "-enddate", "-dateopt", "iso_8601", text=made.authority)
    assert made.expires[:10] in ends


def test_the_next_ones_have_another_authority(made: Certificates) -> None:
    assert certificates.make(HOSTS).authority != made.authority


def test_no_key_is_in_a_file_or_an_argument(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    seen: list[str] = []
    run = command.run

    def watched(argv: list[str], **settings: object) -> command.Result:
        seen.extend(argv)
        seen.extend(path.read_text() for path in temporary.rglob("*") if path.is_file())
        return run(argv, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "run", watched)
    certificates.make(HOSTS)
    assert any("BEGIN CERTIFICATE" in one for one in seen)
    assert not any("PRIVATE KEY" in one for one in seen)
    assert list(temporary.iterdir()) == []


def test_a_failure_shows_no_key(tmp_path: Path) -> None:
    (tmp_path / "bin" / "openssl").unlink()
    program = Program(tmp_path / "bin", "openssl")
    program.on(
        "ecparam", Answer("-----BEGIN PRIVATE KEY-----", stderr="out of entropy", exit_code=1)
    )
    with raises_code(ErrorCode.CERTIFICATES_FAILED, BuildError) as failed:
        certificates.make(HOSTS)
    assert "out of entropy" in str(failed.value)
    assert "PRIVATE" not in str(failed.value)
