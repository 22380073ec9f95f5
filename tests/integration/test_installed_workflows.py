"""A SYNC workflow of somebody else's: a package that is really installed, found by its entry point."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "shouting"
version = "1"
[project.entry-points."leadstream.workflows"]
shout_company_name = "shouting:run"
broken_by_its_author = "shouting.nowhere:run"
"""
MODULE = """
def run(fields):
    return {"company_name_shouted": str(fields.get("company_name", "")).upper()}
"""
ASK = """
import json
from services.dispatcher.app import installed_workflows
found = installed_workflows()
print(json.dumps({"names": sorted(found), "said": found["shout_company_name"]({"company_name": "Acme"})}))
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The folder that the package is installed into."""
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "shouting").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "shouting" / "__init__.py").write_text(MODULE)
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index")
    subprocess.run([*pip, "--no-build-isolation", "--target", str(target), str(source)], check=True, timeout=100)
    return target


def test_it_is_found_beside_those_that_ship_and_a_broken_one_harms_nobody(installed: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(installed)}
    asked = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, timeout=60)
    assert asked.returncode == 0, asked.stderr
    *logged, told = asked.stdout.strip().splitlines()
    found = json.loads(told)
    assert found["said"] == {"company_name_shouted": "ACME"}
    assert {"shout_company_name", "normalize_all_core_values", "extract_work_history"} <= set(found["names"])
    assert "broken_by_its_author" not in found["names"]
    assert "broken_by_its_author" in " ".join(logged)
