"""Calls of kubectl, against a fake one that says what kubectl 1.35.4 said."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kubectl_submit.cluster import existence
from kubectl_submit.cluster.creation import create_manifest
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import cluster_error
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ClusterErrorKind, MissingProgramError
from tests.errors import raises_code

from .examples import execution
from .programs import Answer, Program

LOGGED = """\
E1122 18:04:55.949964   32024 memcache.go:265] "Unhandled Error" err="couldn't get current \
server API group list: Get \\"https://127.0.0.1:1/api?timeout=32s\\": dial tcp 127.0.0.1:1: \
connect: connection refused"
"""
UNREACHABLE = (
    f"{LOGGED}The connection to the server 127.0.0.1:1 was refused - did you specify the right "
    "host or port?\n"
)
UNKNOWN_FIELD = (
    'Error from server (BadRequest): error when creating "STDIN": Job in version "v1" cannot be '
    'handled as a Job: strict decoding error: unknown field "spec.timeout"\n'
)


FORBIDDEN = (
    'Error from server (Forbidden): error when creating "STDIN": jobs.batch "x" is forbidden: '
)
QUOTA = "exceeded quota: q, requested: {0}=1, used: {0}=1, limited: {0}=1"
WEBHOOK = (
    "Error from server (InternalError): Internal error occurred: failed calling webhook "
    '"mjob.kb.io": failed to call webhook: Post "https://kueue-webhook-service.kueue-system.svc:443'
    '/mutate-batch-v1-job?timeout=10s": '
)


def job(name: str = "one") -> dict[str, Any]:
    return {"kind": "Job", "metadata": {"name": name, "namespace": "team"}}


def test_creates_a_manifest(kubectl: Program) -> None:
    kubectl.on("create", Answer(json.dumps(job(), indent=4)))
    assert create_manifest("kind: Job  # ünï\n", Kubectl()) == [job()]
    call = kubectl.call("create")
    assert call.argv == ["create", "-f", "-", "-o", "json"]
    assert call.stdin == "kind: Job  # ünï\n"


@pytest.mark.parametrize(
    "said",
    [
        json.dumps(job("one"), indent=4) + "\n" + json.dumps(job("two"), indent=4) + "\n",
        json.dumps(job("one")) + json.dumps(job("two")),
        json.dumps({"kind": "List", "items": [job("one"), job("two")]}),
    ],
)
def test_reads_several_objects(kubectl: Program, said: str) -> None:
    kubectl.on("create", Answer(said))
    assert create_manifest("", Kubectl()) == [job("one"), job("two")]


def test_what_was_created_before_a_refusal_is_deleted_again(kubectl: Program) -> None:
    kubectl.on("create", Answer(json.dumps(job("one")), stderr="no second one\n", exit_code=1))
    kubectl.on("delete", Answer())
    with raises_code(ErrorCode.MANIFEST_REFUSED, ClusterError) as refused:
        create_manifest("", Kubectl())
    assert refused.value.last_words == "no second one"
    assert {"delete", "Job", "one", "--wait=false", "-n", "team"} <= set(
        kubectl.call("delete").argv
    )


def test_a_refusal_is_told_even_if_nothing_can_be_deleted(kubectl: Program) -> None:
    kubectl.on("create", Answer(json.dumps(job("one")), stderr="no second one\n", exit_code=1))
    kubectl.on("delete", Answer(stderr="Error from server (Forbidden): no\n", exit_code=1))
    with raises_code(ErrorCode.MANIFEST_REFUSED, ClusterError) as refused:
        create_manifest("", Kubectl())
    assert "no second one" in str(refused.value)


def test_a_trial_leaves_nothing_to_delete(kubectl: Program) -> None:
    kubectl.on("create", "--dry-run=server", Answer(json.dumps(job()), stderr="no", exit_code=1))
    with raises_code(ErrorCode.MANIFEST_REFUSED, ClusterError):
        create_manifest("", Kubectl(), dry_run=True)
    assert kubectl.calls("delete") == []


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ("", ["secret/a", "job/b"]),
        ("secret/a\n", ["job/b"]),
        ("secret/a\njob.batch/b\n", []),
    ],
)
def test_says_what_is_missing(kubectl: Program, said: str, missing: list[str]) -> None:
    kubectl.on("get", "secret/a", "job/b", "--ignore-not-found", Answer(said))
    assert existence.missing(Kubectl(), ["secret/a", "job/b"]) == missing


def test_what_may_not_be_read_counts_as_there(kubectl: Program) -> None:
    words = 'Error from server (Forbidden): secrets "a" is forbidden: User "nobody" cannot get\n'
    kubectl.on("get", Answer(stderr=words, exit_code=1))
    assert existence.missing(Kubectl(), ["secret/a"]) == []


def test_deletes_without_waiting(kubectl: Program) -> None:
    kubectl.on("delete", Answer("job.batch one deleted\n"))
    Kubectl().delete("job", "one", "team")
    assert set(kubectl.call("delete").argv) == {
        "delete", "job", "one", "--ignore-not-found", "--wait=false", "-n", "team",
    }  # fmt: skip


def test_a_deletion_that_fails(kubectl: Program) -> None:
    kubectl.on("delete", Answer(stderr="some words\n", exit_code=1))
    with raises_code(ErrorCode.DELETE_FAILED, ClusterError) as failed:
        Kubectl().delete("job", "one")
    assert failed.value.message == "cannot delete job one"
    assert failed.value.last_words == "some words"


@pytest.mark.parametrize(
    ("words", "code", "message", "remedy"),
    [
        (
            'Error from server (Forbidden): error when creating "STDIN": jobs.batch is forbidden: '
            'User "nobody" cannot create resource "jobs" in API group "batch" in the namespace "x"',
            ErrorCode.NOT_ALLOWED,
            "not allowed",
            "permission",
        ),
        (
            FORBIDDEN + QUOTA.format("count/jobs.batch"),
            ErrorCode.QUOTA_OF_JOBS_FULL,
            "quota has no room for another job",
            "--delete",
        ),
        (
            FORBIDDEN + QUOTA.format("requests.cpu"),
            ErrorCode.QUOTA_EXCEEDED,
            "quota has no room for it",
            "Ask for less",
        ),
        (
            FORBIDDEN + "failed quota: q: must specify limits.memory for: main",
            ErrorCode.QUOTA_NEEDS_SIZES,
            "quota requires sizes",
            "--memory",
        ),
        (
            'Error from server (Forbidden): error when creating "STDIN": pods "x" is forbidden: '
            "maximum memory usage per Container is 1Gi, but limit is 2Gi",
            ErrorCode.LIMIT_RANGE_FORBIDS,
            "limit range forbids it",
            "--memory",
        ),
        (
            'Error from server (Forbidden): error when creating "STDIN": pods "x" is forbidden: '
            'violates PodSecurity "baseline:latest": privileged (container "main" must not …)',
            ErrorCode.POD_SECURITY_FORBIDS,
            "Pod Security level forbids it",
            "-n",
        ),
        (
            "The jobs \"x\" is invalid: : ValidatingAdmissionPolicy 'team' with binding 'team' "
            "denied request: every job needs a team",
            ErrorCode.POLICY_FORBIDS,
            "a policy of the cluster forbids it",
            "what the policy names",
        ),
        (
            'Error from server (Forbidden): error when creating "STDIN": admission webhook '
            '"validate.kyverno.svc-fail" denied the request: no',
            ErrorCode.POLICY_FORBIDS,
            "",
            "what the policy names",
        ),
        (
            FORBIDDEN + "unable to create new content in namespace x because it is being "
            "terminated",
            ErrorCode.NAMESPACE_BEING_DELETED,
            "the namespace is being deleted",
            "-n",
        ),
        (
            FORBIDDEN + "not yet ready to handle request",
            ErrorCode.FORBIDDEN,
            "the cluster forbids it",
            "The message says why",
        ),
        (
            "error: You must be logged in to the server (Unauthorized)",
            ErrorCode.NOT_LOGGED_IN,
            "not logged in",
            "Log in",
        ),
        (
            'Error from server (NotFound): error when creating "STDIN": namespaces "x" not found',
            ErrorCode.NAMESPACE_NOT_FOUND,
            "there is no such namespace",
            "-n",
        ),
        (UNREACHABLE, ErrorCode.CLUSTER_UNREACHABLE, "cannot reach the cluster", "context"),
        (
            "Unable to connect to the server: dial tcp: lookup k8s.invalid: no such host",
            ErrorCode.CLUSTER_UNREACHABLE,
            "",
            "context",
        ),
        (
            "Unable to connect to the server: net/http: TLS handshake timeout",
            ErrorCode.CLUSTER_UNREACHABLE,
            "",
            "context",
        ),
        (
            WEBHOOK + "dial tcp 10.96.3.7:443: connect: connection refused",
            ErrorCode.WEBHOOK_NOT_ANSWERING,
            "an admission webhook of the cluster does not answer",
            "an administrator",
        ),
        (
            WEBHOOK + "context deadline exceeded",
            ErrorCode.WEBHOOK_NOT_ANSWERING,
            "",
            "an administrator",
        ),
        (
            WEBHOOK + "the server rejected it",
            ErrorCode.MANIFEST_REFUSED,
            "the cluster refused the manifest",
            "",
        ),
        (
            "Error in configuration: context was not found for specified context: nope",
            ErrorCode.CONTEXT_NOT_FOUND,
            "there is no such context",
            "kubectl config get-contexts",
        ),
        (UNKNOWN_FIELD, ErrorCode.MANIFEST_REFUSED, "", ""),
        (
            'The Job "connect-context-refused" is invalid: \n* spec.template.spec.restartPolicy: '
            'Unsupported value: "Maybe": supported values: "OnFailure", "Never"',
            ErrorCode.MANIFEST_REFUSED,
            "",
            "",
        ),
    ],
)
def test_says_what_the_words_of_kubectl_mean(
    kubectl: Program, words: str, code: ErrorCode, message: str, remedy: str
) -> None:
    kubectl.on("create", Answer(stderr=words, exit_code=1))
    with raises_code(code, ClusterError) as failed:
        create_manifest("", Kubectl())
    assert message in ("", failed.value.message.removeprefix("the namespace's "))
    assert failed.value.last_words == words.removeprefix(LOGGED).strip()
    assert remedy in failed.value.remedy
    assert bool(remedy) == bool(failed.value.remedy)


def test_does_not_tell_what_kubectl_logs(kubectl: Program) -> None:
    """As kubectl 1.32.4 said it with -v 10; the body in hexadecimal is as hex.Dump writes it."""
    refusal = 'Error from server (Forbidden): error when creating "STDIN": forbidden: \n  two lines'
    log = """\
I1129 21:14:23.755641    4822 helper.go:246] "Request Body" body=<
\t{"apiVersion":"v1","kind":"Secret","stringData":{"a":"canary"}}

\tcanary
 >
I1129 21:14:23.757231    4822 round_trippers.go:587]     Content-Type: application/json
I1129 21:14:23.757793    4822 request.go:1351] Request Body:
00000000  63 61 6e 61 72 79 0a 13  0a 02 76 31 12 0d 41 50  |canary....v1..AP|
I1129 21:14:23.757991    4822 helpers.go:246] server response object: %s[{
  "kind": "canary",
  "details": {
    "kind": "canary"
  }
}]
"""
    kubectl.on("create", Answer(stderr=f"Warning: old\n{log}{refusal}\n{log}", exit_code=1))
    with raises_code(ErrorCode.FORBIDDEN, ClusterError) as failed:
        create_manifest("", Kubectl())
    assert failed.value.last_words == f"Warning: old\n{refusal}"


def test_does_not_tell_the_token(kubectl: Program) -> None:
    kubectl.on("create", Answer(stderr="unknown flag --token=s3cret\n", exit_code=1))
    with raises_code(ErrorCode.MANIFEST_REFUSED, ClusterError) as failed:
        create_manifest("", Kubectl(flags=("--token=s3cret",)))
    assert "s3cret" not in str(failed.value)


def test_the_users_flags_are_on_every_call_and_the_timeout_on_single_ones(kubectl: Program) -> None:
    kubectl.on(Answer("{}"))
    calls = Kubectl(flags=("--context=c", "--as=a b"), request_timeout="5s")
    create_manifest("", calls)
    existence.missing(calls, ["secret/a"])
    calls.delete("job", "one")
    calls.watch("/api/v1/pods").finish()
    calls.logs(execution(), ["one"], since="", follow=True).finish()
    assert len(kubectl.all_calls) == 5
    for call in kubectl.all_calls:
        assert {"--context=c", "--as=a b"} <= set(call.argv)
        single = call.argv[0] in ("create", "delete") or "secret/a" in call.argv
        assert ("--request-timeout=5s" in call.argv) is single


def test_watches_with_one_request(kubectl: Program) -> None:
    kubectl.on("get", "--raw", Answer('{"type": "ADDED"}\n'))
    Kubectl().watch("/apis/x", fieldSelector="metadata.name=a", labelSelector="b in (c)").finish()
    [raw] = [arg for arg in kubectl.all_calls[0].argv if arg.startswith("/")]
    path, _, question = raw.partition("?")
    assert path == "/apis/x"
    assert set(question.split("&")) == {
        "watch=1",
        "fieldSelector=metadata.name%3Da",
        "labelSelector=b+in+%28c%29",
    }


def test_the_kubectl_that_runs_us_is_the_one_that_runs(
    kubectl: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Program(tmp_path / "home", "another kubectl")
    other.on(Answer())
    monkeypatch.setenv("KUBECTL_PATH", str(other.path))
    Kubectl().delete("job", "one")
    assert (len(other.all_calls), len(kubectl.all_calls)) == (1, 0)


def test_no_kubectl() -> None:
    assert not os.environ.get("KUBECTL_PATH")
    with raises_code(ErrorCode.PROGRAM_NOT_FOUND, MissingProgramError) as missing:
        create_manifest("", Kubectl())
    assert missing.value.message.startswith("kubectl ")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ('Error from server (NotFound): jobs.batch "x" not found', ClusterErrorKind.NOT_FOUND),
        (
            'Error from server (Forbidden): User "a" cannot list resource "pods"',
            ClusterErrorKind.NOT_PERMITTED,
        ),
        (
            'jobs.batch "x" is forbidden: exceeded quota: one, requested: count/jobs.batch=1',
            ClusterErrorKind.JOB_QUOTA,
        ),
        ('Error from server (Forbidden): admission webhook "x" denied', ClusterErrorKind.FORBIDDEN),
        (
            "error: You must be logged in to the server (Unauthorized)",
            ClusterErrorKind.NOT_LOGGED_IN,
        ),
        ('Error from server (AlreadyExists): jobs.batch "x"', ClusterErrorKind.ALREADY_EXISTS),
        ("Unable to connect to the server: EOF", ClusterErrorKind.OTHER),
    ],
)
def test_what_the_cluster_is_against(words: str, kind: ClusterErrorKind) -> None:
    assert cluster_error("cannot", words, code=ErrorCode.READ_FAILED).kind is kind
