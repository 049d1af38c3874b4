"""Whatever is typed, a parser gives a value or says what is wrong.

`make fuzz` tries 10 000 values for each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kubectl_submit.cli.options import Options, configuration, secret_values, values
from kubectl_submit.cli.options.declaration import declared
from kubectl_submit.errors import SubmitError
from kubectl_submit.following.logs.cursor import Cursor
from kubectl_submit.following.no_pod import quantity_value
from kubectl_submit.model import image, provenance
from kubectl_submit.parameters import docker_credentials
from kubectl_submit.parameters.run_name import run_name
from kubectl_submit.source import git_url
from kubectl_submit.source.git_settings import access
from kubectl_submit.source.git_status import parse_status

# What such values are made of, among everything else.
PIECES = st.sampled_from(
    [
        *":/@.,-_=~%$!?#&*[]{}()<>|;'\"\\ \t\n\0é🦆",
        *("..", "://", "ext::", "git@", "!!python/object:", "id=", "src=", "env=", "HOME"),
        *("https", "localhost:5000", "1h", "16Gi", "sha256:"),
    ]
)
TEXT = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=4))).map("".join))
FORMS = st.text("019azAZ:/.=@_- \n")
PARSERS: list[Callable[[str], Any]] = [
    values.duration,
    values.positive_duration,
    values.quantity,
    values.assignment,
    values.label,
    secret_values.secret_mount,
    secret_values.secret_file,
    secret_values.secret_environment,
    secret_values.build_secret,
    values.secret_name,
    values.name_prefix,
    values.image_repository,
    values.encodable,
    git_url.without_credentials,
    git_url.reachable_from_cluster,
    git_url.project_name,
    git_url.takes_password,
    git_url.userinfo,
    access,
    docker_credentials.registry_key,
    lambda text: status_of_a_file(text.replace("\0", "")),
    image.parse_reference,
    image.parse_digest,
    provenance.label_value,
    quantity_value,
    lambda text: run_name(None, text, 52),
    lambda text: Cursor().take(text.encode(errors="replace")),
]
OPTIONS = declared(Options)


def status_of_a_file(name: str) -> None:
    """Whatever a file is called, git's word about it is understood."""
    changes, _, _ = parse_status(f"1 .M N... 100644 100644 100644 a b {name}\0? {name}\0")
    assert (changes.tracked, changes.untracked) == ((name,), (name,))


@pytest.mark.parametrize("parse", PARSERS)
@given(text=TEXT | FORMS)
@example(text="9" * 5000)
@example(text="A=\ud800")
def test_a_parser_gives_a_value_or_says_what_is_wrong(
    parse: Callable[[str], Any], text: str
) -> None:
    with contextlib.suppress(ValueError, SubmitError):
        parse(text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=st.one_of(TEXT, TEXT.map(lambda text: f"env: {text}")))
def test_the_configuration(tmp_path: Path, text: str) -> None:
    path = tmp_path / configuration.FILE_NAME
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with contextlib.suppress(SubmitError):
        configuration.load(str(path), OPTIONS)
