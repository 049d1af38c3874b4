# Over 200 lines: every call of kubectl is here.
"""Calls kubectl; the only module that does."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from kubectl_submit.cli.options.kubectl import KubectlOptions, kubectl_flags
from kubectl_submit.cluster import kube_context, kuberc, server_path
from kubectl_submit.cluster.json_output import objects
from kubectl_submit.cluster.kubectl_errors import cluster_error, is_no_log
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import CommandFailedError, MissingProgramError
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object
from kubectl_submit.process import command
from kubectl_submit.process.pending import Pending
from kubectl_submit.process.stream import Stream

LAST_LINES = 20
# Collect Go's garbage more often (GOGC): saves 3 MB for each kubectl that only waits.
LEAN = {"GOGC": "25"}


@dataclass(frozen=True, kw_only=True)
class Kubectl:
    """kubectl with the user's own flags (`--context=…`) on every call."""

    flags: tuple[str, ...] = ()
    request_timeout: str | None = None

    @classmethod
    def from_options(cls, options: KubectlOptions) -> Kubectl:
        """With the user's own flags for kubectl."""
        return cls(flags=kubectl_flags(options), request_timeout=options.request_timeout)

    def in_namespace(self, name: str) -> Kubectl:
        """The same in another namespace."""
        others = (flag for flag in self.flags if not flag.startswith("--namespace="))
        return replace(self, flags=(*others, f"--namespace={name}"))

    def create(self, manifest: str, *flags: str) -> command.Result:
        """Create every document of a manifest, one after the other; what kubectl answers."""
        return self._run(["create", "-f", "-", *flags], stdin=manifest, check=False)

    def get_manifest(self, manifest: str, *flags: str) -> command.Result:
        """The objects that a manifest names as they are now, in JSON; what kubectl answers."""
        return self._run(["get", "-f", "-", "-o", "json", *flags], stdin=manifest, check=False)

    def apply(self, manifest: str, *flags: str) -> command.Result:
        """Create what a manifest has, or change what differs; what kubectl answers.

        The server compares, so that no annotation repeats what is in a Secret.
        """
        argv = ["apply", "-f", "-", "--server-side", "--field-manager=kubectl-submit"]
        return self._run([*argv, "--force-conflicts", *flags], stdin=manifest, check=False)

    def find(self, names: Sequence[str], namespace: str | None = None) -> command.Result:
        """Which of these `kind/name` exist, one a line; what kubectl answers."""
        argv = ["get", *names, "-o", "name", "--ignore-not-found", *_in(namespace)]
        return self._run(argv, check=False)

    def get(self, kind: str, name: str, namespace: str) -> Object | None:
        """An object as it is now; None if there is none. Raises ClusterError."""
        argv = ["get", kind, name, "-o", "json", "--ignore-not-found", *_in(namespace)]
        result = self._run(argv, check=False)
        if result.exit_code != 0:
            message = f"cannot read {kind}/{name}"
            raise cluster_error(message, result.stderr, code=ErrorCode.READ_FAILED)
        return next(objects(result.stdout), None)

    def secret_type(self, name: str) -> str:
        """The type of a Secret; empty where it is not there or may not be read."""
        argv = ["get", "secret", name, "-o", "jsonpath={.type}"]
        return self._run(argv, check=False).stdout.strip()

    def names(self, kind: str, selector: str = "") -> list[str]:
        """The names of the objects of a kind, in the namespace; empty where that is not told."""
        argv = ["get", kind, "-o", "name", *([f"--selector={selector}"] if selector else [])]
        result = self._run(argv, check=False)
        return [name.partition("/")[2] for name in result.stdout.split()]

    def version(self) -> command.Result:
        """The versions of kubectl and of the server, in JSON; what kubectl answers."""
        return self._run(["version", "-o", "json"], check=False)

    def start_can_i(self, verb: str, resource: str) -> command.Started:
        """Ask whether something is allowed in the namespace: `yes`, or `no` with exit code 1."""
        return self._started(["auth", "can-i", verb, resource])

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
            message = f"cannot delete {kind} {name}"
            raise cluster_error(message, error.stderr, code=ErrorCode.DELETE_FAILED) from None

    def delete_all(self, kinds: str, selector: str, namespace: str | None = None) -> list[str]:
        """Delete the objects with these labels, without waiting; `kind/name` of each."""
        argv = ["delete", kinds, f"--selector={selector}", "--wait=false", "-o", "name"]
        try:
            told = self._run([*argv, *_in(namespace)]).stdout.split()
            return [name for name in told if "/" in name]  # or `No resources found`
        except CommandFailedError as error:
            message = f"cannot delete {kinds}"
            raise cluster_error(message, error.stderr, code=ErrorCode.DELETE_FAILED) from None

    def exec(self, namespace: str, pod: str, container: str, script: str) -> command.Result:
        """Run a script with the shell of a container; what it writes."""
        argv = ["exec", pod, f"--container={container}", *_in(namespace)]
        return self._run([*argv, "--", "sh", "-c", script], check=False)

    def watch(self, path: str, **query: str) -> Stream:
        """The changes of the objects under an API path, one JSON event a line, until it is cut.

        `get --raw` writes each event as the server sends it, in one line and without discovery.
        Without a resourceVersion the server begins with an ADDED event for all that exists.
        """
        question = urlencode({"watch": "1", **query})
        return self._stream(self._raw(f"{path}?{question}"), env=LEAN)

    def read(self, path: str) -> Stream:
        """Stream the response of an API path, as the server sends it."""
        return self._stream(self._raw(path))

    def start_read(self, path: str) -> command.Started:
        """Request an API path in the background; the result is what the server sends."""
        return self._started(self._raw(path))

    def start_list(self, path: str, **query: str) -> Pending[list[Object]]:
        """Ask for the objects under an API path; the answer may be a ClusterError.

        `get --raw` passes on what the server sends; items have neither kind nor apiVersion.
        """
        question = urlencode(query)
        started = self.start_read(f"{path}?{question}")

        def items() -> list[Object]:
            result = started.result()
            if result.exit_code != 0:
                message = "cannot ask the cluster"
                raise cluster_error(message, result.stderr, code=ErrorCode.READ_FAILED)
            found: list[Object] = json.loads(result.stdout)["items"]
            return found

        return Pending(items)

    def start_find(self, kind: str, selector: str) -> Pending[list[Object]]:
        """Ask for the objects of a kind with these labels, in the namespace.

        The answer may be a ClusterError.
        """
        started = self._started(["get", kind, f"--selector={selector}", "-o", "json"])

        def found() -> list[Object]:
            result = started.result()
            if result.exit_code != 0:
                message = f"cannot read {kind}"
                raise cluster_error(message, result.stderr, code=ErrorCode.READ_FAILED)
            return list(objects(result.stdout))

        return Pending(found)

    def patch(self, kind: str, names: Sequence[str], namespace: str, changes: Object) -> None:
        """Change objects of a kind (a JSON merge patch, RFC 7386). Raises ClusterError."""
        argv = ["patch", kind, *names, *_in(namespace)]
        try:
            self._run([*argv, "--type=merge", f"--patch={json.dumps(changes)}"])
        except CommandFailedError as error:
            message = f"cannot change {kind} {', '.join(names)}"
            raise cluster_error(message, error.stderr, code=ErrorCode.CHANGE_FAILED) from None

    def patch_locally(self, manifest: str, patch: Object, kind: str) -> command.Result:
        """A manifest of one object with a patch merged in, in JSON; the server is not asked.

        `kind` is `strategic` or `merge`. The patch goes through a file: arguments can be seen.
        """
        with tempfile.TemporaryDirectory(prefix="kubectl-submit-") as folder:
            path = Path(folder) / "patch.json"
            path.write_text(json.dumps(patch, default=str), encoding="utf-8")
            argv = ["patch", "--local", "-f", "-", f"--type={kind}", f"--patch-file={path}"]
            return self._run([*argv, "-o", "json"], stdin=manifest, check=False)

    def context_namespace(self) -> command.Result:
        """The namespace of the context, which may have none; it fails where there is no context."""
        return self._context_namespace.result()

    def start_context_namespace(self) -> None:
        """Ask for it before it is needed; it is asked for once. Who needs it is told of errors."""
        with contextlib.suppress(MissingProgramError):
            _ = self._context_namespace

    @functools.cached_property
    def _context_namespace(self) -> command.Started:
        view = ["config", "view", "--minify", "-o", "jsonpath={.contexts[0].context.namespace}"]
        return self._started(view)

    def logs(
        self, execution: Execution, pods: Sequence[str], *, since: str, follow: bool
    ) -> Stream:
        """The lines of the execution's container in some pods, behind their times (RFC 3339).

        `pods` is one name, or a selector for several; then each line begins with
        `[pod/NAME/CONTAINER] `. `since` is RFC 3339 in whole seconds, or empty for all there is.
        """
        argv = ["logs", *pods, "--timestamps", *_in(execution.namespace), "--tail=-1"]
        argv += [f"--container={execution.container}"]
        argv += [f"--since-time={since}"] if since else []
        argv += ["--follow"] if follow else []
        return self._stream(argv)

    def last_lines(self, namespace: str, pod: str, container: str) -> str:
        """The last lines of a container that failed; of its last try, where it begins again.

        Empty where they cannot be had.
        """
        argv = ["logs", pod, f"--container={container}", *_in(namespace), f"--tail={LAST_LINES}"]
        for previous in (["--previous"], []):
            result = self._run([*argv, *previous], check=False)
            if result.exit_code == 0 and not is_no_log(result.stdout):
                return result.stdout.strip()
        return ""

    def _raw(self, path: str) -> list[str]:
        """To ask for an API path as it is."""
        return ["get", "--raw", server_path.missing(self.flags, self._stdout) + path]

    def _stdout(self, argv: Sequence[str]) -> str:
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

    def _argv(self, argv: Sequence[str], *, stream: bool = False) -> list[str]:
        limited = self.request_timeout and not stream
        timeout = [f"--request-timeout={self.request_timeout}"] if limited else []
        flags = [*self.flags, *kube_context.pinned(self.flags)]
        return [os.environ.get("KUBECTL_PATH") or "kubectl", *argv, *flags, *timeout]


def _in(namespace: str | None) -> list[str]:
    return ["-n", namespace] if namespace else []
