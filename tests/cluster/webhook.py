"""A mutating webhook of one namespace, as a service mesh has it: it puts containers beside others.

It runs in the test's own process, on the host's address that the API server reaches.
"""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.cluster.conftest import Namespace
from tests.conftest import local

RESOURCES = {"pods": ("", "/spec/containers"), "jobs": ("batch", "/spec/template/spec/containers")}


@contextlib.contextmanager
def injecting(
    namespace: Namespace,
    folder: Path,
    container: Mapping[str, Any],
    *,
    resource: str = "pods",
    first: bool = True,
) -> Iterator[None]:
    """As long as it lasts, each new object of the namespace gets one more container."""
    group, path = RESOURCES[resource]
    add = {"op": "add", "path": f"{path}/{'0' if first else '-'}", "value": container}
    address = urlsplit(local("LOCAL_GIT")).hostname or ""
    key, certificate = _certificate(folder, address)
    server = ThreadingHTTPServer((address, 0), _handler([add]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rule = {"apiGroups": [group], "apiVersions": ["*"], "operations": ["CREATE"]}
    webhook = {
        "name": "inject.example.com",
        "clientConfig": {
            "url": f"https://{address}:{server.server_port}/",
            "caBundle": base64.b64encode(certificate.read_bytes()).decode(),
        },
        "rules": [{**rule, "resources": [resource]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": namespace.name},
        "webhooks": [webhook],
    }
    namespace.create(json.dumps(configuration))
    try:
        _await(namespace, resource, group)
        yield
    finally:
        namespace.kubectl("delete", "mutatingwebhookconfiguration", namespace.name)
        server.shutdown()
        server.server_close()


def _await(namespace: Namespace, resource: str, group: str) -> None:
    """Wait until the API server asks it: that takes a moment after its creation."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "any"}]}
    version = f"{group}/v1" if group else "v1"
    spec: dict[str, Any] = pod if resource == "pods" else {"template": {"spec": pod}}
    kind = {"pods": "Pod", "jobs": "Job"}[resource]
    probe = {"apiVersion": version, "kind": kind, "metadata": {"name": "probe"}, "spec": spec}
    create = ("create", "--filename=-", "--dry-run=server", "--output=json")
    for _ in range(600):
        answer = json.loads(namespace.kubectl(*create, stdin=json.dumps(probe)))
        found = answer["spec"] if resource == "pods" else answer["spec"]["template"]["spec"]
        if len(found["containers"]) > 1:
            return
        threading.Event().wait(0.1)
    raise AssertionError("the API server does not ask the webhook")


def _certificate(folder: Path, address: str) -> tuple[Path, Path]:
    key, certificate = folder / "webhook.key", folder / "webhook.crt"
    made = ("-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1")
    names = ("-subj", "/CN=webhook", "-addext", f"subjectAltName=IP:{address}")
    subprocess.run(["openssl", "req", "-x509", *made, *names], check=True, capture_output=True)
    return key, certificate


def _handler(patch: list[dict[str, Any]]) -> type[BaseHTTPRequestHandler]:
    encoded = base64.b64encode(json.dumps(patch).encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            response = {
                "uid": review["request"]["uid"],
                "allowed": True,
                "patchType": "JSONPatch",
                "patch": encoded,
            }
            body = json.dumps({**review, "response": response}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
