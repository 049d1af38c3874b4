"""Runs `builder`; its options are declared in cli/options/subcommands/builder.py."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from kubectl_submit.builders import creation, description
from kubectl_submit.builders.place import Place
from kubectl_submit.builders.state import annotation
from kubectl_submit.cli.options.subcommands.builder import CHOICES, BuilderOptions
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, UsageError
from kubectl_submit.model import builder
from kubectl_submit.model.builder import BuilderSettings
from kubectl_submit.output import Output
from kubectl_submit.parameters import authorities

MAXIMUM_WORDS = 2


def run(options: BuilderOptions, words: tuple[str, ...], output: Output) -> int:
    """Create, show or delete a builder, and return 0. Raises SubmitError."""
    if not words or words[0] not in CHOICES or len(words) > MAXIMUM_WORDS:
        raise UsageError(
            f"say what to do: {', '.join(CHOICES)}; a name may follow",
            code=ErrorCode.BUILDER_ACTION_EXPECTED,
        )
    kubectl = Kubectl.from_options(options)
    name = words[1] if words[1:] else builder.DEFAULT_NAME
    place = Place(name=name, namespace=current_namespace(kubectl), kubectl=kubectl)
    if words[0] == "create":
        _create(place, options, output)
    elif words[0] == "status":
        output.data(description.lines(place, _found(place)))
    else:
        _delete(place, output)
    return 0


def _create(place: Place, options: BuilderOptions, output: Output) -> None:
    before = creation.find(place)
    known = annotation(before, builder.SETTINGS) if before else ""
    settings = chosen(options, builder.settings_of(known))
    creation.apply(place, before, settings, options.pending_timeout, output)
    output.status(f"builder {place.name} is ready; builds in {place.namespace} use it")
    for namespace in settings.allow_namespace:
        output.status(
            f"builds in {namespace} use it with --builder tcp://{place.name}.{place.namespace}:"
            f"{builder.PORT} --builder-secret {place.name}-client"
        )


def chosen(options: BuilderOptions, before: BuilderSettings) -> BuilderSettings:
    """What the options say; where they say nothing, what was so before. Raises UsageError."""
    given: dict[str, Any] = {field.name: getattr(before, field.name) for field in fields(before)}
    for name in given.keys() & {field.name for field in fields(options)}:
        given[name] = getattr(options, name) or given[name]
    if options.buildkitd_config:
        given["buildkitd_toml"] = _text(options.buildkitd_config)
    if options.ca_file:
        given["authorities"] = authorities.read(options.ca_file)
    return BuilderSettings(**given)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot read {path}", code=ErrorCode.BUILDKITD_CONFIG_UNREADABLE, last_words=str(error)
        ) from None


def _delete(place: Place, output: Output) -> None:
    if not creation.delete(place):
        raise _none(place)
    output.status(f"builder {place.name} is deleted, with its claim and all that it had stored")


def _found(place: Place) -> Any:
    found = creation.find(place)
    if not found:
        raise _none(place)
    return found


def _none(place: Place) -> ClusterError:
    return ClusterError(
        f"there is no builder {place.name} in {place.namespace}",
        code=ErrorCode.BUILDER_NOT_FOUND,
        remedy=f"Make one: kubectl submit builder create {place.name}",
    )
