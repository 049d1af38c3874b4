"""Reads `.kubectl-submit.yaml`: defaults for flags, by their long names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kubectl_submit.cli.options import values
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ConfigurationError

if TYPE_CHECKING:
    from kubectl_submit.cli.options.declaration import GroupedOption

FILE_NAME = ".kubectl-submit.yaml"


def find(start: str) -> str | None:
    """The nearest configuration file from a folder up to the root of its repository."""
    folder = os.path.abspath(start)
    while True:
        path = os.path.join(folder, FILE_NAME)
        if os.path.isfile(path):
            return path
        parent = os.path.dirname(folder)
        if parent == folder or os.path.exists(os.path.join(folder, ".git")):
            return None
        folder = parent


def load(path: str, options: Iterable[GroupedOption]) -> dict[str, Any]:
    """click's default_map from a file: parameter name → value.

    Raises ConfigurationError for invalid YAML, an unknown key, or a value of the wrong type.
    """
    known = {option.key: option for option in options}
    defaults: dict[str, Any] = {}
    for key, value in _read(path).items():
        if key not in known:
            import difflib

            near = difflib.get_close_matches(str(key), known, n=1)
            raise ConfigurationError(
                f"{path}: unknown key {key!r}",
                code=ErrorCode.CONFIGURATION_UNKNOWN_KEY,
                remedy=f"Did you mean {near[0]}?" if near else "See `kubectl submit --help`.",
            )
        option = known[key]
        if value is not None:
            defaults[str(option.name)] = _value(path, option, value)
    return defaults


def _read(path: str) -> dict[Any, Any]:
    import yaml  # 15 ms, only where there is a file

    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.safe_load(file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ConfigurationError(
            f"{path}{where}: {error.problem}", code=ErrorCode.CONFIGURATION_NOT_YAML
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} is not valid YAML",
            code=ErrorCode.CONFIGURATION_NOT_YAML,
            last_words=str(error),
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"cannot read {path}: {error.strerror}", code=ErrorCode.CONFIGURATION_UNREADABLE
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"{path}: not a mapping",
            code=ErrorCode.CONFIGURATION_NOT_A_MAPPING,
            remedy="Write one `flag: value` a line.",
        )
    return content


def _value(path: str, option: GroupedOption, value: Any) -> Any:
    if option.is_flag:
        if not isinstance(value, bool):
            raise ConfigurationError(
                f"{path}: {option.key} must be true or false, not {value!r}",
                code=ErrorCode.CONFIGURATION_NOT_TRUE_OR_FALSE,
            )
        return value
    if option.multiple:
        if isinstance(value, dict):
            return [
                f"{key}={_scalar(path, f'{option.key}.{key}', item)}" for key, item in value.items()
            ]
        items = value if isinstance(value, list) else [value]
        return [_from_file(path, option, _scalar(path, option.key, item)) for item in items]
    return _from_file(path, option, _scalar(path, option.key, value))


def _from_file(path: str, option: GroupedOption, text: str) -> str:
    """Resolve a path against the folder of the file, not the current folder.

    JSON in place of a path stays as it is.
    """
    if values.is_inline(text):
        return text
    return os.path.relpath(os.path.join(os.path.dirname(path), text)) if option.path else text


def _scalar(path: str, key: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ConfigurationError(
            f"{path}: {key} must be text or a number, not {value!r}",
            code=ErrorCode.CONFIGURATION_NOT_TEXT_OR_NUMBER,
            remedy="Put the value in quotes.",
        )
    return str(value)
