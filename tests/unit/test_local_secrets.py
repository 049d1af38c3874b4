"""Files, folders and variables that a run carries from this machine."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import click
import pytest

from kubectl_submit.build_backends import remote
from kubectl_submit.cli import command_line
from kubectl_submit.cli.options import configuration, secret_values
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ManifestError, UsageError
from kubectl_submit.execution_backends.kubernetes.backend import BACKEND as KUBERNETES
from kubectl_submit.execution_backends.ray.backend import BACKEND as RAY
from kubectl_submit.manifests import run_secrets, tree
from kubectl_submit.parameters import local_secrets
from tests.errors import raises_code

from .examples import build_parameters, execution_parameters


def collected(*files: str) -> tuple[run_secrets.RunSecret, ...]:
    """What is carried of some files."""
    return local_secrets.collect([secret_values.secret_file(one) for one in files], [])


@pytest.mark.parametrize("backend", [KUBERNETES, RAY])
def test_a_value_stands_in_its_secret_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: Any
) -> None:
    (tmp_path / "key").write_bytes(b"canary")
    monkeypatch.setenv("TOKEN", "canary")
    found = local_secrets.collect(
        [secret_values.secret_file(f"{tmp_path}/key:/etc/key")],
        [secret_values.secret_environment("A=TOKEN")],
    )
    main, *secrets = backend.render(execution_parameters(new_secrets=found))
    encoded = base64.b64encode(b"canary").decode()
    assert "canary" not in str(main)
    assert encoded not in str(main)
    assert [list(one["data"].values()) for one in secrets] == [[encoded], [encoded]]
    assert "canary" not in repr(found)
    assert encoded not in str([run_secrets.redacted(one) for one in secrets])


def test_a_folder_keeps_its_paths(tmp_path: Path) -> None:
    (tmp_path / "conf" / "deep").mkdir(parents=True)
    (tmp_path / "conf" / "deep" / "ü b").write_bytes(b"x")
    (tmp_path / "conf" / "link").symlink_to("deep/ü b")
    (tmp_path / "conf" / "same").symlink_to("deep")
    [found] = collected(f"{tmp_path}/conf/")
    assert sorted(found.files.values()) == ["deep/ü b", "link", "same/ü b"]
    assert found.path == "/run/secrets/conf"


@pytest.mark.parametrize("target", ["outside", "folder"])
def test_a_link_must_not_lead_out(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "link").symlink_to(f"../{target}")
    with raises_code(ErrorCode.SECRET_FOLDER_LINK_OUT, UsageError) as refused:
        collected(f"{tmp_path}/conf")
    conf = f"{tmp_path}/conf"
    assert refused.value.message == f"{conf}/link is a link that leads out of {conf}"


def test_a_link_must_not_lead_around(tmp_path: Path) -> None:
    (tmp_path / "conf" / "deep").mkdir(parents=True)
    (tmp_path / "conf" / "deep" / "link").symlink_to("..")
    with raises_code(ErrorCode.SECRET_FOLDER_LINK_CIRCLE, UsageError) as refused:
        collected(f"{tmp_path}/conf")
    link = f"{tmp_path}/conf/deep/link"
    assert refused.value.message == f"{link} is a link to a folder that it is in itself"


def test_what_cannot_be_carried(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes((1 << 20) + 1))
    (tmp_path / "empty").mkdir()
    with raises_code(ErrorCode.SECRET_TOO_LARGE, UsageError) as large:
        collected(f"{tmp_path}/large")
    assert large.value.message == f"{tmp_path}/large has more than a Secret can hold (1 MiB)"
    with raises_code(ErrorCode.SECRET_FOLDER_EMPTY, UsageError) as empty:
        collected(f"{tmp_path}/empty")
    assert empty.value.message == f"{tmp_path}/empty is an empty folder"
    with raises_code(ErrorCode.SECRET_FILE_UNREADABLE, UsageError) as nothing:
        collected(f"{tmp_path}/nothing")
    assert nothing.value.message == f"cannot read {tmp_path}/nothing: No such file or directory"


def test_a_pipe_is_a_file() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"canary")
    os.close(writer)
    [found] = collected(f"/dev/fd/{reader}:/etc/key")
    os.close(reader)
    assert (found.single, list(found.data.values())) == (True, [b"canary"])


@pytest.mark.parametrize("name", ["zero", "folder", "sum"])
def test_no_more_is_read_than_can_be_carried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "folder" / "large").open("wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "sum").mkdir()
    for number in range(3):
        (tmp_path / "sum" / str(number)).write_bytes(bytes(1 << 19))
    asked: list[int] = []
    beginning = local_secrets._beginning

    def read(path: Path, size: int) -> bytes:
        asked.append(size)
        return beginning(path, size)

    monkeypatch.setattr(local_secrets, "_beginning", read)
    with raises_code(ErrorCode.SECRET_TOO_LARGE, UsageError) as refused:
        collected(f"{tmp_path}/{name}")
    assert f"{tmp_path}/{name} " in refused.value.message
    assert asked == ([(1 << 20) + 1, (1 << 19) + 1, 1] if name == "sum" else [(1 << 20) + 1])


def test_a_folder_holds_as_much_as_a_secret(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    for number in range(2):
        (tmp_path / "conf" / str(number)).write_bytes(bytes(1 << 19))
    [found] = collected(f"{tmp_path}/conf")
    assert sum(map(len, found.data.values())) == 1 << 20


def test_a_file_alone_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "..foo").write_bytes(b"x")
    parameters = execution_parameters(new_secrets=collected(f"{tmp_path}/..foo:/etc/key"))
    pod = KUBERNETES.render(parameters)[0]["spec"]["template"]["spec"]
    [volume] = [one for one in pod["volumes"] if "secret" in one]
    assert volume["secret"]["items"] == [{"key": "file-0", "path": "file"}]
    mounts = pod["containers"][0]["volumeMounts"]
    [mount] = [one for one in mounts if one["name"] == volume["name"]]
    assert (mount["mountPath"], mount["subPath"]) == ("/etc/key", "file")


@pytest.mark.parametrize(
    ("name", "told"),
    [("..foo", "/deep/..foo: a volume has no names that"), ("a\udcff", "is not valid UTF-8")],
)
def test_a_name_that_no_volume_has(tmp_path: Path, name: str, told: str) -> None:
    folder = tmp_path / "conf" / "deep" / name
    folder.mkdir(parents=True)
    (folder / "key").write_bytes(b"x")
    with raises_code(ErrorCode.SECRET_FILE_NAME_NOT_POSSIBLE, UsageError) as refused:
        collected(f"{tmp_path}/conf")
    assert told in refused.value.message
    assert "deep/" in str(refused.value)
    str(refused.value).encode()


@pytest.mark.parametrize("text", ["", ":/path", "file:/", "/", "file://"])
def test_what_names_no_file(text: str) -> None:
    with pytest.raises(ValueError, match="no"):
        secret_values.secret_file(text)


def test_a_local_name_may_have_colons() -> None:
    assert secret_values.secret_file("a:b").local == "a:b"
    assert secret_values.secret_file("a:b:/c") == secret_values.SecretFile(local="a:b", path="/c")


def test_a_variable_that_is_not_set() -> None:
    with pytest.raises(ValueError, match="'NOT_SET' is not set in the environment"):
        secret_values.secret_environment("A=NOT_SET")


@pytest.mark.parametrize(
    "text", ["id=a", "src=b", "id=a,src=b,env=HOME", "id=a b,src=c", "id=a,x=y"]
)
def test_what_is_no_build_secret(text: str) -> None:
    with pytest.raises(ValueError, match=r"src=FILE|is not set"):
        secret_values.build_secret(text)


def test_a_build_secret_is_named_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"canary")
    secret = secret_values.build_secret(f"id=token,src={tmp_path}/token")
    parameters = build_parameters(
        secrets=(secret,), new_secrets=(local_secrets.collect_build_secrets([secret]),)
    )
    job, kept = remote.render(parameters)
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["args"] == ["--secret=id=token,src=/run/build-secrets/0"]
    assert kept["metadata"]["name"] == f"{parameters.name}-build-secrets"
    assert list(kept["data"]) == ["0"]
    assert "canary" not in str(job)


@pytest.mark.parametrize(
    "second", ["b/key", "c/other:/run/secrets/key", "c/other:/run//secrets/./key/"]
)
def test_two_files_at_one_place(second: str) -> None:
    with raises_code(ErrorCode.GIVEN_TWICE, UsageError) as refused:
        collected("a/key", second)
    assert refused.value.message.endswith(" /run/secrets/key")
    assert "--secret-file a/key " in refused.value.message
    assert f"--secret-file {second.partition(':')[0]} " in refused.value.message


def test_a_file_where_a_secret_is(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"x")
    file = secret_values.secret_file(f"{tmp_path}/key")
    with raises_code(ErrorCode.GIVEN_TWICE, UsageError) as refused:
        local_secrets.collect([file], [], [secret_values.secret_mount("key")])
    assert "--secret key " in refused.value.message
    assert f"--secret-file {tmp_path}/key " in refused.value.message
    assert local_secrets.collect([file], [], [secret_values.secret_mount("other")])


def test_one_variable_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "canary")
    mine, other = (
        secret_values.secret_environment("X=A"),
        secret_values.secret_environment("X=HOME"),
    )
    with raises_code(ErrorCode.GIVEN_TWICE, UsageError) as refused:
        local_secrets.collect([], [mine], environment=[("X", "canary")])
    assert refused.value.message == "--env X and --secret-env X=A both give X"
    with raises_code(ErrorCode.GIVEN_TWICE, UsageError) as refused:
        local_secrets.collect([], [mine, other])
    assert "--secret-env X=A " in refused.value.message
    assert "--secret-env X=HOME " in refused.value.message
    assert local_secrets.collect([], [mine], environment=[("Y", "1"), ("Y", "2")])


def test_a_variable_must_be_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", os.fsdecode(b"canary\xff"))
    with pytest.raises(ValueError, match="the value of 'X' is not valid UTF-8") as refused:
        secret_values.secret_environment("X")
    assert "canary" not in str(refused.value)


def test_a_build_secret_is_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", os.fsdecode(b"a\xff"))
    assert local_secrets.collect_build_secrets([secret_values.build_secret("id=x,env=X")]).data == {
        "0": b"a\xff"
    }


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ("stringData: {a: canary}", {"a": "(not shown)"}),
        ("data: {a: canary}", {"a": "(not shown)"}),
        ("data: {a: canary}\nstringData: {a: canary, b: canary}", ["a", "b"]),
        ("stringData: {b: canary}\ndata: {a: canary}", ["a", "b"]),
        ("type: Opaque", {}),
        ("data:\nstringData:", {}),
        ("data: canary\nstringData: [canary]", {}),
    ],
)
def test_a_secret_of_the_users_is_hidden(parts: str, shown: Any) -> None:
    text = f"kind: Secret\nmetadata: {{name: mine}}\n{parts}\n"
    [secret] = [run_secrets.redacted(one) for one in tree.load(text, "x.yml")]
    assert secret["stringData"] == dict.fromkeys(shown, "(not shown)")
    assert secret["metadata"]["name"] == "mine"
    assert "canary" not in tree.dump([secret])
    assert "data" not in secret


@pytest.mark.parametrize(
    "line", ['secret-file: "a\\0b"', 'build-secret: "id=x,src=a\\0b"', 'secret-file: "a:/x\\0b"']
)
def test_a_path_with_nul(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    (tmp_path / configuration.FILE_NAME).write_text(f"{line}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(click.UsageError, match="it contains a NUL byte"):
        command_line.parse(command_line.read(["--image", "x", "--", "true"]))


@pytest.mark.parametrize("read", [secret_values.secret_file, secret_values.build_secret])
def test_a_path_that_is_no_text(read: Any) -> None:
    with pytest.raises(ValueError, match="not valid UTF-8"):
        read("id=a,src=\udcff")


def mounted(tmp_path: Path, pod: str) -> tuple[Any, int]:
    """The security context and the mode of what is carried into a pod like this."""
    (tmp_path / "key").write_bytes(b"x")
    [pod_spec] = tree.load(pod, "x.yml")
    found = (*collected(f"{tmp_path}/key:/a"), *collected(f"{tmp_path}/key:/b"))
    run_secrets.add_to_pod(pod_spec, tree.child(pod_spec, "container"), "run", found)
    modes = {
        volume["secret"]["defaultMode"]
        for volume in pod_spec["volumes"]
        if volume["name"].startswith("kubectl-submit-") and "secret" in volume
    }
    [mode] = modes
    return pod_spec.get("securityContext"), mode


@pytest.mark.parametrize(
    ("volumes", "context", "mode"),
    [
        ("[]", {"fsGroup": 65534}, 0o400),
        ("", {"fsGroup": 65534}, 0o400),
        ("[{name: a, secret: {}}, {name: b, configMap: {}}]", {"fsGroup": 65534}, 0o400),
        ("[{name: a, projected: {}}, {name: b, downwardAPI: {}}]", {"fsGroup": 65534}, 0o400),
        ("[{name: a, secret: {}}, {name: b, persistentVolumeClaim: {}}]", None, 0o444),
        ("[{name: a, hostPath: {}}]", None, 0o444),
        ("[{name: a, nfs: {}}]", None, 0o444),
    ],
)
def test_volumes_of_the_users_keep_their_group(
    tmp_path: Path, volumes: str, context: Any, mode: int
) -> None:
    assert mounted(tmp_path, f"volumes: {volumes}") == (context, mode)


def test_a_group_of_the_users_stays(tmp_path: Path) -> None:
    volumes = "volumes: [{name: a, persistentVolumeClaim: {}}]"
    context = "securityContext: {fsGroup: 7, runAsGroup: 8}"
    assert mounted(tmp_path, f"{volumes}\n{context}") == ({"fsGroup": 7, "runAsGroup": 8}, 0o400)
    other = mounted(tmp_path, "securityContext: {runAsGroup: 8}")
    assert other == ({"runAsGroup": 8, "fsGroup": 8}, 0o400)
    unchanged = mounted(tmp_path, f"{volumes}\nsecurityContext: {{runAsGroup: 8}}")
    assert unchanged == ({"runAsGroup": 8}, 0o444)


def test_a_security_context_that_is_none(tmp_path: Path) -> None:
    with raises_code(ErrorCode.MANIFEST_FIELD_WRONG_TYPE, ManifestError) as refused:
        mounted(tmp_path, "securityContext: odd")
    assert "securityContext " in refused.value.message


@pytest.mark.parametrize("source", ["src=large", "env=LARGE", "src=endless"])
def test_a_build_secret_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    size = (500 << 10) + 1
    (tmp_path / "large").write_bytes(bytes(size))
    with (tmp_path / "endless").open("wb") as file:
        file.truncate(1 << 40)
    monkeypatch.setenv("LARGE", "x" * size)
    with raises_code(ErrorCode.BUILD_SECRET_TOO_LARGE, UsageError) as refused:
        local_secrets.collect_build_secrets([secret_values.build_secret(f"id=token,{source}")])
    told = "the build secret token is larger than BuildKit takes (500 KiB)"
    assert refused.value.message == told


def test_values_that_are_too_large_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = 1 << 19
    monkeypatch.setenv("A", "x" * half)
    monkeypatch.setenv("B", "ü" * (half // 2))
    monkeypatch.setenv("C", "x")
    variables = [secret_values.secret_environment(name) for name in "ABC"]
    assert local_secrets.collect([], variables[:2])
    with raises_code(ErrorCode.SECRET_TOO_LARGE, UsageError) as refused:
        local_secrets.collect([], variables)
    told = "the total size of --secret-env is more than a Secret can hold (1 MiB)"
    assert refused.value.message == told
    (tmp_path / "large").write_bytes(bytes(500 << 10))
    secrets = [secret_values.build_secret(f"id={name},src={tmp_path}/large") for name in "abc"]
    assert local_secrets.collect_build_secrets(secrets[:2])
    with raises_code(ErrorCode.SECRET_TOO_LARGE, UsageError) as refused:
        local_secrets.collect_build_secrets(secrets)
    assert "--build-secret " in refused.value.message
