"""What a company's own certificate authority has signed."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

from tests.conftest import local


def tls(folder: Path, host: str) -> ssl.SSLContext:
    """To serve on this address with a certificate of the company's authority."""
    authority, certificate, key = (
        local("LOCAL_COMPANY_CA"),
        str(folder / "server.crt"),
        str(folder / "server.key"),
    )
    by = ("-CA", authority, "-CAkey", authority.removesuffix("crt") + "key")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    files = ("-subj", "/CN=company", "-keyout", key, "-out", certificate)
    extensions = (f"subjectAltName=IP:{host}", "basicConstraints=critical,CA:FALSE")
    flags = [word for one in extensions for word in ("-addext", one)]
    argv = ["openssl", "req", "-x509", *new, *files, *flags, *by]
    subprocess.run(argv, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
