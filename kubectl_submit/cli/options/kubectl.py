"""kubectl's own options: every command takes them and passes them to kubectl."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from kubectl_submit.cli.options.declaration import KUBECTL_GROUP, option


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class KubectlOptions:
    """The cluster, the user and the namespace."""

    namespace: str | None = option(
        KUBECTL_GROUP, "--namespace", "-n", metavar="NAME", help="The namespace."
    )
    context: str | None = option(
        KUBECTL_GROUP, "--context", metavar="NAME", help="The kubeconfig context."
    )
    cluster: str | None = option(
        KUBECTL_GROUP, "--cluster", metavar="NAME", help="The kubeconfig cluster."
    )
    user: str | None = option(KUBECTL_GROUP, "--user", metavar="NAME", help="The kubeconfig user.")
    kubeconfig: str | None = option(
        KUBECTL_GROUP, "--kubeconfig", path=True, metavar="FILE", help="The kubeconfig file."
    )
    as_user: str | None = option(KUBECTL_GROUP, "--as", metavar="USER", help="Impersonate a user.")
    as_group: tuple[str, ...] = option(
        KUBECTL_GROUP, "--as-group", multiple=True, metavar="GROUP", help="Impersonate a group."
    )
    as_uid: str | None = option(KUBECTL_GROUP, "--as-uid", metavar="UID", help="Impersonate a UID.")
    server: str | None = option(
        KUBECTL_GROUP, "--server", "-s", metavar="URL", help="The address of the API server."
    )
    token: str | None = option(KUBECTL_GROUP, "--token", metavar="TOKEN", help="A bearer token.")
    certificate_authority: str | None = option(
        KUBECTL_GROUP,
        "--certificate-authority",
        path=True,
        metavar="FILE",
        help="The CA certificate.",
    )
    client_certificate: str | None = option(
        KUBECTL_GROUP,
        "--client-certificate",
        path=True,
        metavar="FILE",
        help="The client certificate.",
    )
    client_key: str | None = option(
        KUBECTL_GROUP, "--client-key", path=True, metavar="FILE", help="The client key."
    )
    insecure_skip_tls_verify: bool = option(
        KUBECTL_GROUP,
        "--insecure-skip-tls-verify",
        is_flag=True,
        default=False,
        help="Do not check the server's certificate.",
    )
    tls_server_name: str | None = option(
        KUBECTL_GROUP,
        "--tls-server-name",
        metavar="NAME",
        help="The server name in its certificate.",
    )
    cache_dir: str | None = option(
        KUBECTL_GROUP, "--cache-dir", path=True, metavar="DIR", help="kubectl's cache directory."
    )
    request_timeout: str | None = option(
        KUBECTL_GROUP,
        "--request-timeout",
        metavar="DURATION",
        help="The time limit of a single request; not for streams.",
    )
    log_level: int | None = option(
        KUBECTL_GROUP, "--v", "-v", type=int, metavar="LEVEL", help="kubectl's own log level."
    )


def kubectl_flags(options: KubectlOptions) -> tuple[str, ...]:
    """The given flags, for every call of kubectl, except the timeout, which streams do not get."""
    flags: list[str] = []
    for field in dataclasses.fields(KubectlOptions):
        flag = field.metadata["flags"][0]
        value = getattr(options, field.name)
        if flag == "--request-timeout":
            continue
        if value is True:
            flags.append(flag)
        elif value not in (None, False, ()):
            many = value if isinstance(value, tuple) else (value,)
            flags.extend(f"{flag}={one}" for one in many)
    return tuple(flags)
