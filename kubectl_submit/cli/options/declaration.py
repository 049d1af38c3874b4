"""Declares options: each one once, as a field of a dataclass.

The field defines the flag, its environment variable KUBECTL_SUBMIT_*, its configuration key, its
default, its help and its group in the help.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import click
from click.core import ParameterSource

from kubectl_submit.cli.options import secret_values, values

ENVIRONMENT_PREFIX = "KUBECTL_SUBMIT_"
KUBECTL_GROUP = "kubectl"


class Parsed(click.ParamType[Any]):
    """A value parsed by a function of values.py or secret_values.py."""

    def __init__(
        self,
        metavar: str,
        parse: Callable[[str], Any],
        *,
        named_by: int | None = None,
        separator: str = "",
    ) -> None:
        """`named_by`: index of the name in a value that is a tuple; None if it has no name.

        `separator`: stands between values that are given at once; empty: there is none.
        """
        self.name = metavar
        self.named_by = named_by
        self.separator = separator
        self._parse = parse

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The parsed value; a usage error with the reason if it is invalid."""
        if not isinstance(value, str | int | float):
            return value
        try:
            return self._parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def get_metavar(self, param: Any, ctx: Any) -> str:
        """The placeholder for the value in the help."""
        return self.name


TEXT = Parsed("TEXT", values.encodable)
DURATION = Parsed("DURATION", values.positive_duration)
SECONDS = Parsed("DURATION", values.duration)
QUANTITY = Parsed("QUANTITY", values.quantity)
LABEL = Parsed("KEY=VALUE", values.label, named_by=0)
ASSIGNMENT = Parsed("NAME[=VALUE]", values.assignment, named_by=0)
SECRET = Parsed("NAME[:/PATH]", secret_values.secret_mount, named_by=0)
SECRET_FILE = Parsed(
    "LOCAL[:/PATH]", secret_values.secret_file, named_by=1
)  # the path in the container
SECRET_ENVIRONMENT = Parsed("NAME[=KEY]", secret_values.secret_environment, named_by=0)
BUILD_SECRET = Parsed("id=ID,src=FILE|env=NAME", secret_values.build_secret, named_by=0)
OBJECT_NAME = Parsed("NAME", values.secret_name)
BUILD_CACHE = Parsed("none|registry[=REPOSITORY]", values.build_cache)
DOCKER_CACHE = Parsed("VALUE", values.docker_cache)
BUILDER = Parsed("NAME|tcp://HOST:PORT|none", values.builder)
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
    """A field of an options class, with the settings for click.

    `path`: the value is a path, in a configuration file relative to that file; `negation`: the
    flag for false; `configurable`: the configuration file and the environment may set it.
    `attributes`: click's own, and `instead`: the option is deprecated, and this is what to do.
    """
    instead = attributes.pop("instead", "")
    if attributes.get("multiple"):
        default = ()
    if not (attributes.get("is_flag") or negation):
        attributes.setdefault("type", TEXT)
    metadata = {
        "group": group,
        "flags": flags,
        "help": f"{help} Deprecated: {instead}." if instead else help,
        "path": path,
        "negation": negation,
        "configurable": configurable,
        "instead": instead,
        "attributes": attributes,
    }
    return dataclasses.field(default=default, metadata=metadata)


def same_as(options: type[Any], name: str) -> Any:
    """A field with the declaration of another class's field: an option of both."""
    (field,) = (one for one in dataclasses.fields(options) if one.name == name)
    return dataclasses.field(default=field.default, metadata=field.metadata)


class GroupedOption(click.Option):
    """A click option with its group and its configuration key."""

    def __init__(self, field: dataclasses.Field[Any]) -> None:
        metadata = field.metadata
        self.group: str = metadata["group"]
        self.key: str = metadata["flags"][0].lstrip("-")
        self.path: bool = metadata["path"]
        self.configurable: bool = metadata["configurable"]
        self.instead: str = metadata["instead"]
        negation: str = metadata["negation"]
        variable = ENVIRONMENT_PREFIX + self.key.upper().replace("-", "_")
        flags = metadata["flags"]
        if negation:
            flags = (f"{flags[0]}/{negation}", *flags[1:])
        super().__init__(
            [*flags, field.name],
            help=metadata["help"],
            default=field.default,
            show_default=isinstance(field.default, str),
            **{"envvar": variable if self.configurable else None, **metadata["attributes"]},
        )

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """The parsed value; several are given at once where the type has a separator."""
        separator = self.type.separator if isinstance(self.type, Parsed) else ""
        if separator and value is not None:
            value = [part for one in value for part in one.split(separator)]
        return super().type_cast_value(ctx, value)

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """The parsed value. Named values are merged: flag before environment before file."""
        self._warn_if_deprecated(ctx)
        read = super().process_value(ctx, value)
        field = self.type.named_by if isinstance(self.type, Parsed) else None
        if not self.multiple or field is None:
            return read
        named = {one[field] for one in read}
        for source, other in self._sources_below(ctx):
            winner = ctx.get_parameter_source(str(self.name))
            ctx.set_parameter_source(str(self.name), source)  # for error messages
            below = super().process_value(ctx, other)
            ctx.set_parameter_source(str(self.name), winner or source)
            read = (*(one for one in below if one[field] not in named), *read)
            named |= {one[field] for one in below}
        return read

    def _warn_if_deprecated(self, ctx: click.Context) -> None:
        given = ctx.get_parameter_source(str(self.name)) is not ParameterSource.DEFAULT
        if self.instead and given and not ctx.resilient_parsing:
            from kubectl_submit.output import say

            say(f"warning: {self.opts[0]} is deprecated; {self.instead}")

    def _sources_below(self, ctx: click.Context) -> Iterator[tuple[ParameterSource, Any]]:
        """The values in the environment and the file that a flag or the environment overrides."""
        winner = ctx.get_parameter_source(str(self.name))
        variable = self.value_from_envvar(ctx)
        if winner is ParameterSource.COMMANDLINE and variable is not None:
            yield ParameterSource.ENVIRONMENT, variable
        configured = ctx.lookup_default(str(self.name))
        if winner in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT) and configured:
            yield ParameterSource.DEFAULT_MAP, configured


def declared(options: type[Any]) -> list[GroupedOption]:
    """Every option of an options class, in the order of the help, kubectl's own last."""
    fields = sorted(
        dataclasses.fields(options), key=lambda field: field.metadata["group"] == KUBECTL_GROUP
    )
    return [GroupedOption(field) for field in fields]
