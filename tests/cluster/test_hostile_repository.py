"""Whatever a repository is made of is data: none of it is run on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Repository

BRANCH = "$(touch${IFS}$PWNED);`touch${IFS}$PWNED`'\"&|<>{}"
FILES = ["$(touch $PWNED)", "-rf", "--upload-pack=evil", "two words;touch $PWNED", "line\nbreak"]
HOOKS = [
    *("pre-commit", "post-commit", "pre-push", "post-checkout", "post-index-change"),
    *("reference-transaction", "pre-auto-gc", "sendemail-validate", "fsmonitor-watchman"),
]


@pytest.fixture
def pwned(tmp_path: Path) -> Path:
    """What exists once something hostile has been run."""
    return tmp_path / "pwned"


@pytest.fixture
def hostile(repository: Repository, pwned: Path) -> Repository:
    """A repository in which everything that can have a name or run has a hostile one."""
    for name in FILES:
        repository.write(name, f"{name}\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", f"--upload-pack=evil $(touch {pwned})")
    repository.git("push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    repository.git("checkout", "--quiet", "-b", BRANCH)
    program = f"#!/bin/sh\ntouch {pwned}\n"
    for name in HOOKS:
        repository.write(f".git/hooks/{name}", program, executable=True)
    evil = repository.folder.parent / "evil"
    evil.write_text(program, encoding="utf-8")
    evil.chmod(0o755)
    settings = ["core.fsmonitor", "core.pager", "diff.external", "core.editor", "sequence.editor"]
    settings += [
        "remote.origin.uploadpack",
        "remote.origin.receivepack",
        "core.alternateRefsCommand",
    ]
    for setting in settings:
        repository.git("config", setting, str(evil))
    repository.git("config", "core.hooksPath", ".git/hooks")
    return repository


@pytest.mark.parametrize("build", ["local", "remote"])
def test_names_and_settings(
    hostile: Repository, namespace: Namespace, submit: Submit, pwned: Path, build: str
) -> None:
    flags = (f"--build={build}", f"--build-arg=PWNED={pwned}", "--git-remote=origin")
    show = 'printf "%s\\n" "$KUBECTL_SUBMIT_BRANCH"; for file in *; do printf "%s;" "$file"; done'

    result = submit(*flags, "--", "sh", "-c", show, cwd=hostile.folder, env={"PWNED": str(pwned)})

    assert result.exit_code == 0, result.stderr
    branch, _, listed = result.stdout.partition("\n")
    assert branch == BRANCH
    assert listed.split(";")[:-1] != []
    for name in FILES:
        assert f"{name};" in listed
    annotations = namespace.job()["metadata"]["annotations"]
    assert annotations["kubectl-submit/branch"] == BRANCH
    assert not pwned.exists()


def test_the_working_tree_is_lent_without_any_of_it(
    hostile: Repository, submit: Submit, pwned: Path
) -> None:
    hostile.write("-new $(touch $PWNED)", "new\n")

    result = submit(
        "--allow-dirty",
        *("--", "cat", "./-new $(touch $PWNED)"),
        cwd=hostile.folder,
        env={"PWNED": str(pwned)},
    )

    assert (result.exit_code, result.stdout) == (0, "new\n"), result.stderr
    assert not pwned.exists()


@pytest.mark.parametrize("flags", [(), ("--build=local",), ("--allow-dirty",)])
@pytest.mark.parametrize("transport", ["ext::touch {}", "--upload-pack=touch {};:x"])
def test_a_remote_that_is_a_command(
    repository: Repository,
    namespace: Namespace,
    submit: Submit,
    pwned: Path,
    flags: tuple[str, ...],
    transport: str,
) -> None:
    repository.commit()
    repository.git("config", "protocol.ext.allow", "always")
    repository.git("config", "remote.origin.url", transport.format(pwned))
    repository.git("update-ref", "-d", "refs/remotes/origin/main")

    result = submit(*flags, "--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert "Traceback" not in result.stderr
    assert not pwned.exists()
    assert namespace.names("jobs,pods") == []


@pytest.mark.parametrize("url", ["ext::sh -c evil", "--upload-pack=evil", "file:///etc", "/etc"])
def test_a_url_for_the_cluster_that_is_none(
    repository: Repository, namespace: Namespace, submit: Submit, url: str
) -> None:
    repository.commit()

    result = submit(f"--git-url={url}", "--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr.startswith(f"error: the cluster cannot fetch from {url}\n")
    assert namespace.names("jobs,pods") == []


@pytest.mark.parametrize("where", [".kubectl-submit.yaml", "manifest.yml"])
def test_tags_that_make_objects(
    repository: Repository, namespace: Namespace, submit: Submit, pwned: Path, where: str
) -> None:
    call = f'!!python/object/apply:os.system ["touch {pwned}"]'
    text = f"workers: {call}\n"
    if where == "manifest.yml":
        text = f"apiVersion: batch/v1\nkind: Job\nspec:\n  completions: {call}\n"
    repository.write(where, text)
    repository.commit()
    flags = ["--manifest=manifest.yml"] if where == "manifest.yml" else []

    result = submit(*flags, "--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert f"{where}:" in result.stderr
    assert "Traceback" not in result.stderr
    assert not pwned.exists()
    assert namespace.names("jobs,pods") == []


@pytest.mark.parametrize("flags", [(), ("--build=local",), ("--build=local", "--allow-dirty")])
def test_links_that_lead_out(
    repository: Repository, submit: Submit, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    """A link in the build context is copied as a link."""
    (tmp_path / "mine").write_text("of this machine\n", encoding="utf-8")
    (repository.folder / "link").symlink_to(tmp_path / "mine")
    repository.commit()
    if "--allow-dirty" in flags:
        repository.write("new.txt", "new\n")

    show = "readlink link; ! test -e link"
    result = submit(*flags, "--", "sh", "-c", show, cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, f"{tmp_path}/mine\n"), result.stderr


@pytest.mark.parametrize("what", ["Dockerfile", "context"])
@pytest.mark.parametrize("flags", [(), ("--build=local",), ("--build=local", "--allow-dirty")])
def test_a_link_as_what_is_built(
    repository: Repository,
    namespace: Namespace,
    submit: Submit,
    tmp_path: Path,
    flags: tuple[str, ...],
    what: str,
) -> None:
    (tmp_path / "mine").mkdir()
    os.rename(repository.folder / "Dockerfile", tmp_path / "mine" / "Dockerfile")
    (repository.folder / "context").symlink_to(tmp_path / "mine")
    (repository.folder / "Dockerfile").symlink_to(tmp_path / "mine" / "Dockerfile")
    repository.commit()
    chosen = ["--build-context=context"] if what == "context" else []

    result = submit(*flags, *chosen, "--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert f"{what} is a link that leads out of the repository" in result.stderr
    assert namespace.names("jobs,pods") == []
