"""A client's settings for a workflow, as changes on the command line make them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from cli.errors import Misused, Refused
from cli.pairs import between_commas, pairs

Settings = dict[str, Any]
# What is given under one name and kept under another.
KEPT_AS: Final = {"callback_secret": "callback_secret_sha256"}


def merged(current: Mapping[str, Any], *changes: Mapping[str, Any], without: Iterable[str] = ()) -> Settings:
    """The current settings, over them each change in turn, less those to leave out. Raises Refused for one not set."""
    result = dict(current)
    for change in changes:
        result |= change
    for name in without:
        if not {name, KEPT_AS.get(name)} & result.keys():
            raise Refused(f"{name} is not set; there are {', '.join(sorted(result)) or 'no settings'}")
        result = {key: value for key, value in result.items() if key not in (name, KEPT_AS.get(name))}
    return result


def assignments(told: Iterable[str]) -> Settings:
    """`KEY=VALUE` pairs; a value that is JSON is what it says, any other is text. Raises Misused."""
    form = "KEY=VALUE, for example --set timeout_seconds=600"
    return {name: value_of(value) for name, value in pairs("--set", told, form)}


def lists(option: str, told: Iterable[str]) -> dict[str, list[str]]:
    """`KEY=ONE,TWO` pairs. Raises Misused, naming the option."""
    found = pairs(option, told, "KEY=VALUE or KEY=VALUE,VALUE", empty=False)
    return {name: between_commas(values) for name, values in found}


def value_of(text: str) -> Any:
    """The JSON value that the text is, or else the text."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError:
        return text


def from_file(path: Path) -> Settings:
    """The settings in a JSON file. Raises Misused unless it holds one object."""
    try:
        found = json.loads(path.read_text("utf-8-sig"), parse_constant=_no_constant)
    except (OSError, ValueError) as error:
        raise Misused(f"{path} is no JSON file: {error}") from None
    if not isinstance(found, dict):
        raise Misused(f"{path} holds no JSON object: write {{...}}")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON value")
