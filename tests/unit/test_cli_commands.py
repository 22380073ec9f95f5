"""All commands: that each explains itself, has JSON for programs, and is what the pages tell to type."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.main import app


def commands(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command below, with the words that call it."""
    for name, command in group.commands.items():
        yield from commands(command, *path, name) if hasattr(command, "commands") else [((*path, name), command)]


COMMANDS = dict(commands(typer.main.get_command(app)))
# They run until they are ended, or what they give is a file.
WITHOUT_JSON = {("up",), ("service",), ("relay",), ("simulator",), ("provision",)} | {
    ("bad-rows",), ("leads", "export"), ("inbox", "remove")
}  # fmt: skip


@pytest.mark.parametrize("command", [(), *COMMANDS], ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert not command or re.search(rf"Examples?: .*leadstream {' '.join(command)}", " ".join(result.output.split()))


def test_every_command_that_a_program_may_read_has_json() -> None:
    assert {path for path, command in COMMANDS.items() if "--json" not in options(command)} == WITHOUT_JSON


def options(command: Any) -> set[str]:
    return {"--help", *(name for each in command.params for name in (*each.opts, *each.secondary_opts))}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "deploy/README.md", "docs"])
def test_what_a_page_tells_to_type_is_there(page: str) -> None:
    root = Path(__file__).parents[2] / page
    for file in sorted(root.rglob("*.md")) if root.is_dir() else [root]:
        blocks = "".join(re.findall(r"```sh\n(.*?)```", file.read_text(), re.DOTALL)).replace("\\\n", " ")
        for line in re.findall(r"^(?:\w+=\S* )*leadstream (.*)$", blocks, re.MULTILINE):
            words = line.partition(" #")[0].split()
            known = next((found for path, found in COMMANDS.items() if list(path) == words[: len(path)]), None)
            assert known, f"{file.name}: leadstream {line}"
            unknown = {word.partition("=")[0] for word in words if word.startswith("-")} - options(known)
            assert not unknown - {"-", "--"}, f"{file.name}: leadstream {line}: {unknown}"
