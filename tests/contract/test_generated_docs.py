"""The generated pages are what the code gives, and leave out no event, no channel and no variable."""

import json
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from shared.events import CATALOGUE
from shared.runtime.settings import SERVICES

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"LEADSTREAM_[A-Z][A-Z_0-9]*[A-Z0-9]")


def test_the_generated_files_are_up_to_date() -> None:
    command = [sys.executable, "-m", "docs.generate", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_the_channels_are_what_the_service_consumes(service: str) -> None:
    operations = json.loads((ROOT / "docs" / "asyncapi.json").read_text("utf-8"))["operations"]
    prefix = f"{service}.receive."
    received = {name.removeprefix(prefix) for name in operations if name.startswith(prefix)} - {"inbox"}
    assert received == set(import_module(f"services.{service}.app").DEFINITION.reads)


def test_every_event_is_in_the_catalogue_page() -> None:
    page = (ROOT / "docs" / "events.md").read_text("utf-8")
    assert [name for name in CATALOGUE if f"\n## {name}\n" not in page] == []


def test_every_variable_the_program_names_is_described() -> None:
    described = set(VARIABLE.findall((ROOT / "docs" / "configuration.md").read_text("utf-8")))
    folders = ("shared", "services", "cli", "simulator")
    named = {
        (variable, file.relative_to(ROOT).as_posix())
        for folder in folders
        for file in (ROOT / folder).rglob("*.py")
        for variable in VARIABLE.findall(file.read_text("utf-8"))
    }
    prefixes = {"LEADSTREAM_PORT", "LEADSTREAM_SECRET", "LEADSTREAM_SIMULATOR"}
    assert sorted(found for found in named if found[0] not in described | prefixes) == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    told = set(re.findall(r"^\| ([a-z][^ ]*) \|", page, re.M)) - {"package"}
    assert told == {re.split(r"[<>=~!]", each)[0] for each in declared}
