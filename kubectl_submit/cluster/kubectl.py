"""Calls kubectl; the only module that does."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from kubectl_submit.cluster import kube_context, kuberc, server_path
from kubectl_submit.cluster.kubectl_errors import cluster_error
from kubectl_submit.errors import ClusterError, CommandFailedError, SubmitError
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object
from kubectl_submit.process import command
from kubectl_submit.process.masking import mask
from kubectl_submit.process.pending import Pending
from kubectl_submit.process.stream import Stream

# A connection that was there and broke (Go's net package); the request may have been heard.
CUT = ("EOF", "connection reset", "connection lost", "broken pipe")
# How kubectl shows a warning of the server (client-go rest/warnings.go).
WARNING = "Warning: "
CREATE_RETRIES = 3
LAST_LINES = 20
# Go's garbage collector at work more often (its GOGC): 3 MB less for each kubectl that only waits.
LEAN = {"GOGC": "25"}
# Where a pod finds its namespace (Kubernetes' service account admission).
IN_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, kw_only=True)
class Kubectl:
    """kubectl with the user's own flags (`--context=…`) on every call."""

    flags: tuple[str, ...] = ()
    request_timeout: str | None = None

    def create(self, manifest: str, *, dry_run: bool = False) -> list[Object]:
        """Create every document of a manifest, all or none; what the server made of them.

        A call whose connection was cut may have been heard, so it is made again: names are ours,
        nothing can be created twice. Raises ClusterError; then what was created is deleted again.
        """
        argv = ["create", "-f", "-", "-o", "json", *(["--dry-run=server"] if dry_run else [])]
        result = self._run(argv, stdin=manifest, check=False)
        for _ in range(CREATE_RETRIES):
            if result.exit_code == 0 or not any(sign in result.stderr for sign in CUT):
                break
            result = self._create_again(argv, manifest)
        created = list(_objects(result.stdout))
        if result.exit_code == 0:
            return created
        refusal = cluster_error("the cluster refused the manifest", result.stderr)
        for obj in [] if dry_run else created:
            metadata = obj["metadata"]
            self.take_back(obj["kind"], metadata["name"], metadata.get("namespace"), refusal)
        raise refusal

    def warnings(self, manifest: str) -> list[str]:
        """What the server warns of where it is asked to create a manifest; nothing is created."""
        argv = ["create", "-f", "-", "-o", "name", "--dry-run=server"]
        result = self._run(argv, stdin=manifest, check=False)
        lines = mask(result.stderr).splitlines()
        return [line.removeprefix(WARNING) for line in lines if line.startswith(WARNING)]

    def take_back(self, kind: str, name: str, namespace: str | None, reason: BaseException) -> None:
        """Delete an object because of an error; where it cannot be, the error says that, too."""
        try:
            self.delete(kind, name, namespace)
        except ClusterError as error:
            if isinstance(reason, SubmitError):
                yourself = f"Delete {kind} {name} yourself: {error.message}"
                reason.remedy = "\n".join(filter(None, [reason.remedy, yourself]))

    def _create_again(self, argv: Sequence[str], manifest: str) -> command.Result:
        """Create what the call before this one may have created already."""
        result = self._run(argv, stdin=manifest, check=False)
        if "(AlreadyExists)" in result.stderr:
            argv = ["get", "-f", "-", "-o", "json"]
            result = self._run(argv, stdin=manifest, check=False)
        return result

    def missing(self, names: Sequence[str], namespace: str | None = None) -> list[str]:
        """Which of these `kind/name` do not exist. What may not be read counts as there."""
        return self.look_for(names, namespace)[0]

    def look_for(
        self, names: Sequence[str], namespace: str | None = None
    ) -> tuple[list[str], list[str]]:
        """Which of these `kind/name` do not exist, and which may not be read."""
        argv = ["get", *names, "-o", "name", "--ignore-not-found", *_in(namespace)]
        result = self._run(argv, check=False)
        found = {without_group(name) for name in result.stdout.split()}
        forbidden = re.findall(r'\w[\w.]* "([^"]+)" is forbidden', result.stderr)
        if result.exit_code != 0 and not forbidden:
            raise cluster_error("cannot ask the cluster", result.stderr)
        absent = [name for name in names if without_group(name) not in found]
        unread = [name for name in absent if name.partition("/")[2] in forbidden]
        return [name for name in absent if name not in unread], unread

    def get(self, kind: str, name: str, namespace: str) -> Object | None:
        """An object as it is now; None if there is none. Raises ClusterError."""
        argv = ["get", kind, name, "-o", "json", "--ignore-not-found", *_in(namespace)]
        result = self._run(argv, check=False)
        if result.exit_code != 0:
            raise cluster_error(f"cannot read {kind}/{name}", result.stderr)
        return next(_objects(result.stdout), None)

    def secret_type(self, name: str) -> str:
        """The type of a Secret; empty where it is not there or may not be read."""
        argv = ["get", "secret", name, "-o", "jsonpath={.type}"]
        return self._run(argv, check=False).stdout.strip()

    def names(self, kind: str, selector: str = "") -> list[str]:
        """The names of the objects of a kind, in the namespace; empty where that is not told."""
        argv = ["get", kind, "-o", "name", *([f"--selector={selector}"] if selector else [])]
        result = self._run(argv, check=False)
        return [name.partition("/")[2] for name in result.stdout.split()]

    def version(self) -> str:
        """The versions of kubectl and of the server, for people. Raises ClusterError."""
        result = self._run(["version", "-o", "json"], check=False)
        if result.exit_code != 0:
            raise cluster_error("cannot reach the cluster", result.stderr)
        told = json.loads(result.stdout)
        client, server = told["clientVersion"], told["serverVersion"]
        return f"{client['gitVersion']}, the server {server['gitVersion']}"

    def refused(
        self, needed: Sequence[tuple[str, str]], *, sure: bool = False
    ) -> list[tuple[str, str]]:
        """Of these resources and verbs, those that are not allowed in the namespace.

        Those of which the cluster does not say it are among them, or with `sure` a ClusterError.
        """
        asked = [(one, self._started(["auth", "can-i", one[1], one[0]])) for one in needed]
        answers = [(one, answer.result()) for one, answer in asked]
        for _, answer in answers if sure else []:
            if answer.stdout.split()[:1] not in (["yes"], ["no"]):
                raise cluster_error("the cluster does not say what is allowed", answer.stderr)
        return [one for one, answer in answers if answer.exit_code != 0]

    def configured(self, what: str) -> list[str]:
        """The names in the kubeconfig of each `context`, `cluster` or `user`."""
        shown = f"jsonpath={{range .{what}s[*]}}{{.name}}{{'\\n'}}{{end}}"
        result = self._run(["config", "view", "-o", shown], check=False)
        return result.stdout.split()

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        """Delete an object and what it owns, without waiting; one that is gone is no error."""
        argv = ["delete", kind, name, "--ignore-not-found", "--wait=false", *_in(namespace)]
        try:
            self._run(argv)
        except CommandFailedError as error:
            raise cluster_error(f"cannot delete {kind} {name}", error.stderr) from None

    def watch(self, path: str, **query: str) -> Stream:
        """The changes of the objects under an API path, one JSON event a line, until it is cut.

        `get --raw` writes each event as the server sends it, in one line and without discovery.
        Without a resourceVersion the server begins with an ADDED event for all that exists.
        """
        question = urlencode({"watch": "1", **query})
        return self._stream(self._raw(f"{path}?{question}"), env=LEAN)

    def read(self, path: str) -> Stream:
        """What stands under an API path, as the server sends it."""
        return self._stream(self._raw(path))

    def start_list(self, path: str, **query: str) -> Pending[list[Object]]:
        """Ask for the objects under an API path; the answer may be a ClusterError.

        `get --raw` passes on what the server sends; items have neither kind nor apiVersion.
        """
        question = urlencode(query)
        started = self._started(self._raw(f"{path}?{question}"))

        def items() -> list[Object]:
            result = started.result()
            if result.exit_code != 0:
                raise cluster_error("cannot ask the cluster", result.stderr)
            found: list[Object] = json.loads(result.stdout)["items"]
            return found

        return Pending(items)

    def start_labels(self, path: str) -> Pending[dict[str, str] | None]:
        """Ask for the labels of the object under an API path; None where it cannot be read."""
        started = self._started(self._raw(path))

        def labels() -> dict[str, str] | None:
            result = started.result()
            if result.exit_code != 0:
                return None
            return dict(json.loads(result.stdout)["metadata"].get("labels") or {})

        return Pending(labels)

    def patch(self, kind: str, names: Sequence[str], namespace: str, changes: Object) -> None:
        """Change objects of a kind (a JSON merge patch, RFC 7386). Raises ClusterError."""
        argv = [
            "patch",
            kind,
            *names,
            *_in(namespace),
            "--type=merge",
            f"--patch={json.dumps(changes)}",
        ]
        try:
            self._run(argv)
        except CommandFailedError as error:
            raise cluster_error(f"cannot change {kind} {', '.join(names)}", error.stderr) from None

    def namespace(self) -> str:
        """The namespace where nothing else is said: the flag's, the context's, the pod's own."""
        given = [flag for flag in self.flags if flag.startswith("--namespace=")]
        if given:
            return given[-1].partition("=")[2]
        view = ["config", "view", "--minify", "-o", "jsonpath={.contexts[0].context.namespace}"]
        result = self._run(view, check=False)
        if result.exit_code != 0 and IN_POD.is_file():
            return IN_POD.read_text(encoding="utf-8").strip()
        return result.stdout.strip() or "default"

    def logs(
        self, execution: Execution, pods: Sequence[str], *, since: str, follow: bool
    ) -> Stream:
        """The lines of the execution's container in some pods, behind their times (RFC 3339).

        `pods` is one name, or a selector for several; then each line stands behind
        `[pod/NAME/CONTAINER] `. `since` is RFC 3339 in whole seconds, or empty for all there is.
        """
        argv = ["logs", *pods, "--timestamps", *_in(execution.namespace), "--tail=-1"]
        argv += [f"--container={execution.container}"]
        argv += [f"--since-time={since}"] if since else []
        argv += ["--follow"] if follow else []
        return self._stream(argv)

    def _raw(self, path: str) -> list[str]:
        """To ask for an API path as it is."""
        return ["get", "--raw", server_path.missing(self.flags, self._told) + path]

    def _told(self, argv: Sequence[str]) -> str:
        return self._run(argv, check=False).stdout.strip()

    def _run(
        self, argv: Sequence[str], *, stdin: str | None = None, check: bool = True
    ) -> command.Result:
        env = kuberc.environment()
        return command.run(self._argv(argv), stdin=stdin, check=check, env=env)

    def _started(self, argv: Sequence[str]) -> command.Started:
        return command.Started(self._argv(argv), env=kuberc.environment())

    def _stream(self, argv: Sequence[str], env: Mapping[str, str] = {}) -> Stream:
        env = {**kuberc.environment(), **env}
        return Stream(self._argv(argv, stream=True), env=env)

    def last_lines(self, namespace: str, pod: str, container: str) -> str:
        """The last lines of a container that failed; of its last try, where it begins again.

        Empty where they cannot be had.
        """
        argv = ["logs", pod, f"--container={container}", *_in(namespace), f"--tail={LAST_LINES}"]
        for previous in (["--previous"], []):
            result = self._run([*argv, *previous], check=False)
            if result.exit_code == 0 and result.stdout.strip():
                return result.stdout.strip()
        return ""

    def _argv(self, argv: Sequence[str], *, stream: bool = False) -> list[str]:
        timeout = [] if stream or not self.request_timeout else [self._timeout_flag()]
        flags = [*self.flags, *kube_context.pinned(self.flags)]
        return [os.environ.get("KUBECTL_PATH") or "kubectl", *argv, *flags, *timeout]

    def _timeout_flag(self) -> str:
        return f"--request-timeout={self.request_timeout}"


def _in(namespace: str | None) -> list[str]:
    return ["-n", namespace] if namespace else []


def without_group(name: str) -> str:
    """`job.batch/x`, as kubectl names an object, as `job/x`."""
    kind, _, rest = name.partition("/")
    return f"{kind.partition('.')[0]}/{rest}"


def _objects(text: str) -> Iterator[Object]:
    """The objects in kubectl's `-o json`: one, several one after another, or a List."""
    decoder = json.JSONDecoder()
    text = text.strip()
    while text:
        obj, end = decoder.raw_decode(text)
        if obj.get("kind") == "List":
            yield from obj["items"]
        else:
            yield obj
        text = text[end:].lstrip()
