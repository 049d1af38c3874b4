"""How an option is declared: once, as a field of a dataclass.

A field gives the flag, its environment variable KUBECTL_SUBMIT_*, its configuration key, its
default, its help and its place in the help.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

import click

from kubectl_submit import values

ENVIRONMENT_PREFIX = "KUBECTL_SUBMIT_"
KUBECTL_GROUP = "kubectl"


class Parsed(click.ParamType[Any]):
    """A value that one of the functions in values.py reads."""

    def __init__(self, metavar: str, parse: Callable[[str], Any]) -> None:
        self.name = metavar
        self._parse = parse

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value read; a usage error with the reason if it cannot be."""
        if not isinstance(value, str | int | float):
            return value
        try:
            return self._parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def get_metavar(self, param: Any, ctx: Any) -> str:
        """The word that stands for the value in the help."""
        return self.name


TEXT = Parsed("TEXT", values.encodable)
DURATION = Parsed("DURATION", values.positive_duration)
SECONDS = Parsed("DURATION", values.duration)
QUANTITY = Parsed("QUANTITY", values.quantity)
ASSIGNMENT = Parsed("NAME[=VALUE]", values.assignment)
SECRET = Parsed("NAME[:/PATH]", values.secret_mount)
SECRET_FILE = Parsed("LOCAL[:/PATH]", values.secret_file)
SECRET_ENVIRONMENT = Parsed("NAME[=KEY]", values.secret_environment)
BUILD_SECRET = Parsed("id=ID,src=FILE|env=NAME", values.build_secret)
OBJECT_NAME = Parsed("NAME", values.secret_name)
REPOSITORY = Parsed("NAME", values.image_repository)


def option(
    group: str,
    *flags: str,
    help: str,
    default: Any = None,
    path: bool = False,
    negation: str = "",
    configurable: bool = True,
    **attributes: Any,
) -> Any:
    """A field of an options class with what click needs to know.

    `path`: relative to the configuration file; `negation`: the flag that says no; `configurable`:
    whether it may stand in the configuration file and in the environment.
    """
    if attributes.get("multiple"):
        default = ()
    if not (attributes.get("is_flag") or negation):
        attributes.setdefault("type", TEXT)
    metadata = {
        "group": group,
        "flags": flags,
        "help": help,
        "path": path,
        "negation": negation,
        "configurable": configurable,
        "attributes": attributes,
    }
    return dataclasses.field(default=default, metadata=metadata)


class GroupedOption(click.Option):
    """A click option that knows its group, its configuration key and how its value is read."""

    def __init__(self, field: dataclasses.Field[Any]) -> None:
        metadata = field.metadata
        self.group: str = metadata["group"]
        self.key: str = metadata["flags"][0].lstrip("-")
        self.path: bool = metadata["path"]
        self.configurable: bool = metadata["configurable"]
        negation: str = metadata["negation"]
        flags = metadata["flags"]
        if negation:
            flags = (f"{flags[0]}/{negation}", *flags[1:])
        super().__init__(
            [*flags, field.name],
            help=metadata["help"],
            default=field.default,
            show_default=isinstance(field.default, str),
            envvar=_variable(self.key) if self.configurable else None,
            **metadata["attributes"],
        )


def _variable(key: str) -> str | None:
    """The option's environment variable.

    In a container of ours the run's facts stand in variables of that form, too: KUBECTL_SUBMIT_NAME
    is the name of the run that submits, not of the one that is submitted.
    """
    variable = ENVIRONMENT_PREFIX + key.upper().replace("-", "_")
    in_a_run = ENVIRONMENT_PREFIX + "CREATED_BY" in os.environ
    return None if in_a_run and key == "name" else variable


def declared(options: type[Any]) -> list[GroupedOption]:
    """Every option of an options class, in the order of the help: kubectl's own come last."""
    fields = sorted(
        dataclasses.fields(options), key=lambda field: field.metadata["group"] == KUBECTL_GROUP
    )
    return [GroupedOption(field) for field in fields]
