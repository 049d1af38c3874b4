"""Which faults of a container that does not start are final, in the words of real runtimes."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_submit.following.progress import Progress
from kubectl_submit.model.pods import pod_state
from kubectl_submit.model.start_problems import DENIED_TRIES, final_after

from .examples import execution

PULL = 'failed to pull and unpack image "r.test/team/app:1": failed to resolve reference '
PULL += '"r.test/team/app:1": '
RPC = "rpc error: code = Unknown desc = "
NOT_FOUND = "rpc error: code = NotFound desc = "
HEAD = 'failed to do request: Head "https://r.test/v2/team/app/manifests/1": '
CRIO = "initializing source docker://r.test/team/app:1: "
BLOB = 'failed to pull and unpack image "r.test/team/app:1": failed to copy: httpReadSeeker: '

# Of containerd 1.6, 1.7 and 2.x, and of CRI-O; the older ones with the words of gRPC before them.
ABSENT = [
    PULL + "r.test/team/app:1: not found",
    NOT_FOUND + PULL + "r.test/team/app:1: not found",
    f'Back-off pulling image "r.test/team/app:1": ErrImagePull: {NOT_FOUND}{PULL}'
    "r.test/team/app:1: not found",
    'failed to pull and unpack image "r.test/team/app:1": no match for platform in manifest '
    "sha256:5d5d: not found",
    PULL + "unexpected status from HEAD request to https://r.test/v2/team/app/manifests/1: "
    "404 Not Found",
    f"{RPC}reading manifest 1 in r.test/team/app: manifest unknown",
    f"unable to pull image or OCI artifact: pull image err: {CRIO}reading manifest 1 in "
    "r.test/team/app: manifest unknown; artifact err: get manifest: build image source: manifest "
    "unknown",
    f"{RPC}{CRIO}reading manifest 1 in r.test/team/app: name unknown: repository not found",
    f"{RPC}choosing image instance: no image found in image index for architecture arm64",
    f"{RPC}short-name resolution enforced but cannot prompt without a TTY",
]
UNUSABLE = [
    PULL + HEAD + "http: server gave HTTP response to HTTPS client",
    PULL + HEAD + "tls: failed to verify certificate: x509: certificate signed by unknown "
    "authority",
    f"{RPC}pinging container registry r.test: Get \"https://r.test/v2/\": http: server gave HTTP "
    "response to HTTPS client",
]  # fmt: skip
DENIED = [
    PULL + "unexpected status from HEAD request to https://r.test/v2/team/app/manifests/1: "
    "401 Unauthorized",
    PULL + "failed to authorize: failed to fetch anonymous token: unexpected status from GET "
    "request to https://r.test/token?scope=x: 403 Forbidden",
    PULL + "pull access denied, repository does not exist or may require authorization: server "
    "message: insufficient_scope: authorization failed",
    PULL + "authorization failed: no basic auth credentials",
    f"{RPC}reading manifest 1 in r.test/team/app: unauthorized: authentication required",
    f"{RPC}reading manifest 1 in r.test/team/app: denied: requested access to the resource is "
    "denied",
    f'{RPC}{CRIO}Requesting bearer token: invalid status code from registry 403 (Forbidden)',
    f"{RPC}unable to retrieve auth token: invalid username/password: unauthorized: x",
]  # fmt: skip
PASSING = [
    PULL + "unexpected status from HEAD request to https://r.test/v2/team/app/manifests/1: "
    "429 Too Many Requests",
    BLOB + "failed open: unexpected status code https://r.test/v2/team/app/blobs/sha256:5d: "
    "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate "
    "limit. You may increase the limit by authenticating and upgrading",
    PULL + "unexpected status from HEAD request to https://r.test/v2/team/app/manifests/1: "
    "503 Service Unavailable",
    PULL + "failed to authorize: failed to fetch oauth token: unexpected status: 500 Internal "
    "Server Error",
    BLOB + "failed open: unexpected status code https://r.test/v2/x: 502 Bad Gateway",
    PULL + HEAD + "dial tcp 192.0.2.1:443: connect: connection refused",
    PULL + HEAD + "read tcp 192.0.2.1:34402->192.0.2.2:443: read: connection reset by peer",
    PULL + HEAD + "EOF",
    BLOB + "failed to read expected number of bytes: unexpected EOF",
    PULL + HEAD + "dial tcp: lookup r.test on 192.0.2.1:53: no such host",
    PULL + HEAD + "dial tcp: lookup r.test on 192.0.2.1:53: server misbehaving",
    PULL + HEAD + "dial tcp: lookup r.test: Temporary failure in name resolution",
    PULL + HEAD + "dial tcp 192.0.2.1:443: i/o timeout",
    PULL + HEAD + "net/http: TLS handshake timeout",
    PULL + HEAD + "context deadline exceeded",
    "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
    "rpc error: code = Canceled desc = context canceled",
    'failed to pull and unpack image "r.test/team/app:1": failed to extract layer sha256:5d: '
    "write /var/lib/containerd/x: no space left on device: unknown",
    "pull QPS exceeded",
    f"{RPC}pinging container registry r.test: Get \"https://r.test/v2/\": dial tcp 192.0.2.1:443: "
    "connect: connection refused",
    f"{RPC}reading manifest 1 in r.test/team/app: received unexpected HTTP status: 503 Service "
    "Unavailable",
    f"{RPC}{CRIO}reading manifest 1 in r.test/team/app: toomanyrequests: rate exceeded",
    'Back-off pulling image "r.test/team/app:1"',  # before Kubernetes 1.31, which says no more
    "ImagePullBackOff",
    "",
]  # fmt: skip


@pytest.mark.parametrize("pull_secret", [True, False])
@pytest.mark.parametrize("message", [*ABSENT, *UNUSABLE])
def test_what_the_registry_does_not_have_never_comes(message: str, *, pull_secret: bool) -> None:
    assert final_after("ErrImagePull", message, pull_secret=pull_secret) == 1
    assert final_after("ImagePullBackOff", message, pull_secret=pull_secret) == 1


@pytest.mark.parametrize("message", DENIED)
def test_a_denial_is_final_unless_a_secret_may_still_be_read(message: str) -> None:
    assert final_after("ErrImagePull", message, pull_secret=False) == 1
    assert final_after("ErrImagePull", message, pull_secret=True) == DENIED_TRIES


@pytest.mark.parametrize("pull_secret", [True, False])
@pytest.mark.parametrize("message", PASSING)
def test_what_may_go_well_the_next_time_is_awaited(message: str, *, pull_secret: bool) -> None:
    assert final_after("ErrImagePull", message, pull_secret=pull_secret) is None


@pytest.mark.parametrize(
    "name", ["timeout", "denied", "unauthorized", "not-found", "eof-503", "manifest-unknown"]
)
def test_the_name_of_an_image_says_nothing(name: str) -> None:
    passing = f'failed to resolve reference "r.test/{name}:1": {HEAD}connection reset by peer'
    assert final_after("ErrImagePull", passing, pull_secret=False) is None


@pytest.mark.parametrize(
    ("reason", "message", "final"),
    [
        ("InvalidImageName", 'couldn\'t parse image name "A b": invalid reference format', True),
        ("ErrImageNeverPull", 'Container image "a" is not present with pull policy of Never', True),
        ("CreateContainerConfigError", 'secret "token" not found', True),
        ("CreateContainerConfigError", 'configmap "settings" not found', True),
        ("CreateContainerConfigError", "couldn't find key k in Secret team/token", True),
        ("CreateContainerConfigError", "couldn't find key k in ConfigMap team/settings", True),
        (
            "CreateContainerConfigError",
            'container has runAsNonRoot and image will run as root (pod: "x", container: main)',
            True,
        ),
        (
            "CreateContainerConfigError",
            "container has runAsNonRoot and image has non-numeric user (app), cannot verify",
            True,
        ),
        (
            "CreateContainerConfigError",
            "failed to sync secret cache: timed out waiting for the condition",
            False,
        ),
        (
            "CreateContainerConfigError",
            "failed to sync configmap cache: timed out waiting for the condition",
            False,
        ),
        (
            "CreateContainerConfigError",
            'failed to prepare subPath for volumeMount "data" of container "main"',
            False,
        ),
        ("CreateContainerError", "context deadline exceeded", False),
        (
            "CreateContainerError",
            'failed to reserve container name "main_x_0": name "main_x_0" is reserved for "5d5d"',
            False,
        ),
        (
            "CreateContainerError",
            "Kubelet may be retrying requests that are timing out in CRI-O due to system load: "
            "context deadline exceeded: error reserving ctr name k8s_main for id 5d: name is "
            "reserved",
            False,
        ),
        (
            "CreateContainerError",
            "container create failed: executable file `train` not found in $PATH: No such file or "
            "directory",
            True,
        ),
        ("CreateContainerError", "failed to generate container spec: no command specified", True),
        (
            "RunContainerError",
            "failed to create containerd task: OCI runtime create failed: runc create failed: "
            'exec: "train": executable file not found in $PATH: unknown',
            True,
        ),
        (
            "RunContainerError",
            'failed to start containerd task: exec: "/x": stat /x: no such file or directory',
            True,
        ),
        ("RunContainerError", "failed to create shim task: context deadline exceeded", False),
        ("CrashLoopBackOff", "back-off 10s restarting failed container", False),
        ("RegistryUnavailable", "the registry is out of reach", False),
        ("", "", False),
    ],
)
def test_what_else_keeps_a_container_from_starting(
    reason: str, message: str, *, final: bool
) -> None:
    assert final_after(reason, message, pull_secret=False) == (1 if final else None)


def pulling(reason: str, message: str, *, secrets: bool = True) -> dict[str, Any]:
    """A pod whose image cannot be pulled."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {
        "metadata": {"name": "run-0", "labels": {}},
        "spec": {
            "restartPolicy": "Never",
            **({"imagePullSecrets": [{"name": "registry"}]} if secrets else {}),
        },
        "status": {"containerStatuses": [{"name": "main", "state": state}]},
    }


def test_a_denial_of_a_pod_with_a_secret_is_final_the_third_time() -> None:
    progress = Progress(execution())
    failed, backs_off = (pulling(one, DENIED[0]) for one in ("ErrImagePull", "ImagePullBackOff"))
    said = [
        bool(progress.note_pod("MODIFIED", pod).start_failure)
        for pod in [failed, failed, backs_off, failed, backs_off, backs_off, failed, backs_off]
    ]
    assert said == [False, False, False, False, False, False, True, True]


def test_a_denial_of_a_pod_without_a_secret_is_final_at_once() -> None:
    pod = pulling("ErrImagePull", DENIED[0], secrets=False)
    assert pod_state(pod, "main").start_failure.startswith("ErrImagePull: failed to pull")


def test_a_list_that_looks_once_does_not_call_it_final() -> None:
    assert pod_state(pulling("ErrImagePull", DENIED[0]), "main").start_failure == ""
