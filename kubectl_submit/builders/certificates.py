"""Makes the certificates of a builder, with the openssl of this machine.

There is one on every macOS (LibreSSL) and on nearly every Linux. Keys go through pipes alone: no
file and no argument has one. The key of the authority is forgotten: the next certificates have
another one.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kubectl_submit import times
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError
from kubectl_submit.process import command

DAYS = 730
NEW_KEY = ("ecparam", "-name", "prime256v1", "-genkey", "-noout")
PIPE = "/dev/stdin"
# Sections, so that it works with LibreSSL and with OpenSSL before 1.1.1, which lack `-addext`.
SETTINGS = """\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {hosts}
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
"""


@dataclass(frozen=True, kw_only=True, repr=False)
class Pair:
    """A private key and its certificate, both PEM."""

    key: str
    certificate: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Certificates:
    """What the server and its clients know each other by."""

    authority: str
    """The certificate that both check, PEM."""
    server: Pair
    client: Pair
    expires: str
    """RFC 3339."""


def make(hosts: Sequence[str]) -> Certificates:
    """New certificates for a server of these names. Raises BuildError, MissingProgramError."""
    with tempfile.TemporaryDirectory(prefix="kubectl-submit-") as folder:
        settings = Path(folder) / "settings"
        named = ", ".join(f"DNS:{host}" for host in hosts)
        settings.write_text(SETTINGS.format(hosts=named), encoding="utf-8")
        expires = times.ago(-DAYS * 86400)
        key = _openssl(*NEW_KEY)
        request = ("req", "-x509", "-new", "-key", PIPE, "-subj", "/CN=kubectl-submit")
        authority = _openssl(*request, *_for(settings, "-config", "authority"), stdin=key)
        (Path(folder) / "authority").write_text(authority, encoding="utf-8")
        return Certificates(
            authority=authority,
            server=_signed("server", key, settings),
            client=_signed("client", key, settings),
            expires=expires,
        )


def _signed(role: str, authority_key: str, settings: Path) -> Pair:
    """A key, and its certificate for the server or the client."""
    key = _openssl(*NEW_KEY)
    asked = settings.with_name(role)
    request = ("req", "-new", "-key", PIPE, "-subj", f"/CN={role}", "-config", str(settings))
    asked.write_text(_openssl(*request, stdin=key), encoding="utf-8")
    by = ("-CA", str(settings.with_name("authority")), "-CAkey", PIPE)
    serial = ("-set_serial", str(secrets.randbits(63)))
    sign = ("x509", "-req", "-in", str(asked), *by, *serial, *_for(settings, "-extfile", role))
    return Pair(key=key, certificate=_openssl(*sign, stdin=authority_key))


def _for(settings: Path, file: str, section: str) -> tuple[str, ...]:
    return (file, str(settings), "-extensions", section, "-sha256", "-days", str(DAYS))


def _openssl(*arguments: str, stdin: str | None = None) -> str:
    """What it writes. Its output is in no error: it may be a key."""
    result = command.run(["openssl", *arguments], stdin=stdin, check=False)
    if result.exit_code != 0:
        raise BuildError(
            f"cannot make certificates: openssl {arguments[0]} exited {result.exit_code}",
            code=ErrorCode.CERTIFICATES_FAILED,
            last_words=result.stderr,
        )
    return result.stdout
