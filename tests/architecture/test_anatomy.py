"""The layout is the architecture: siblings look alike, say what they do, stay small, and the core stays pure."""

import ast
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from services.ingest.needed import consumed
from shared.events import CATALOGUE

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "__init__.py").is_file())
SOURCES = sorted(
    path for folder in ("shared", "services", "cli", "simulator", "deploy") for path in (ROOT / folder).rglob("*.py")
)
FILES = SOURCES + sorted(
    path for folder in ("tests", "chaos", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.py")
)
ALWAYS = {"__init__", "state", "domain", "store", "app"}
WITH_HTTP = {"api", "handlers", "shapes"}
MAX_LINES, MAX_FUNCTION_LINES = 300, 50
OF_EVERY_SERVICE = {"EventDeadLettered", "DeadLetterRetried"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base", "core", "lib", "tools"}
# What the import contracts call pure; where it is a package, all of it.
CONTRACT = "What is pure does no I/O and knows no framework"


def contracts() -> dict[str, dict[str, Any]]:
    """The import contracts of pyproject.toml by name."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return {contract["name"]: contract for contract in told["tool"]["importlinter"]["contracts"]}


def files_of(module: str) -> set[Path]:
    """The files of a module or package; `*` stands for one name."""
    place = module.replace(".", "/")
    return {*ROOT.glob(f"{place}.py"), *ROOT.glob(f"{place}/**/*.py")}


PURE_FILES = sorted({file for module in contracts()[CONTRACT]["source_modules"] for file in files_of(module)})
# JSON is what the contract is about, and reading it well is these two libraries' business; as names and domains are of
# the others: tables and rules, the same at each call.
ALLOWED = {
    "shared/envelope.py": {"orjson", "pydantic"},
    "shared/enrichment.py": {"orjson"},
    "shared/provider_settings.py": {"jsonschema"},
    "services/ingest/configuration.py": {"jsonschema"},
    "shared/canonical.py": {"idna"},
    "shared/legal_forms.py": {"cleanco"},
    "shared/public_suffixes.py": {"publicsuffixlist"},
    "services/dispatcher/workflows/split_raw_apollo_scrape_data.py": {"nameparser"},
}
FIRST_PARTY = {"shared", "services"}
# Where replay would differ: the clock, chance, the environment, a network, a process.
IMPURE_MODULES = {"asyncio", "logging", "os", "random", "secrets", "socket", "subprocess", "threading", "uuid"}
MAY_BE_IMPURE = {"shared/ids.py": {"os"}}

every_service = pytest.mark.parametrize("service", SERVICES)
every_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
every_pure_file = pytest.mark.parametrize("path", PURE_FILES, ids=lambda path: str(path.relative_to(ROOT)))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def described(service: str) -> dict[str, str]:
    """The lines `consumes:`, `emits:`, `owns:` and `extras:` of a service's docstring, each on one line."""
    text = import_module(f"services.{service}").__doc__ or ""
    parts = re.split(r"^(\w+): +", text, flags=re.MULTILINE)[1:]
    return {key: " ".join(value.split()) for key, value in zip(parts[::2], parts[1::2], strict=True)}


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports anywhere in it."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in plain | named}


@every_service
def test_a_service_has_the_same_files_as_its_siblings(service: str) -> None:
    found = {path.stem for path in (ROOT / "services" / service).glob("*.py")}
    assert found >= ALWAYS
    assert not WITH_HTTP & found or found >= WITH_HTTP, "an api.py has its handlers.py, and a handlers.py its api.py"


@every_service
def test_its_docstring_names_what_it_consumes(service: str) -> None:
    consumes = import_module(f"services.{service}.domain").CONSUMES
    assert described(service)["consumes"] == ", ".join(consumes)
    assert set(consumes) <= set(CATALOGUE)


@every_service
def test_its_docstring_names_what_it_may_write(service: str) -> None:
    told = described(service)
    names = re.sub(r"^the same, and", f"{told['consumes']},", told["emits"])
    emits = set() if names == "nothing" else set(names.split(", "))
    assert {name.strip() for name in emits} == {
        name for name, entry in CATALOGUE.items() if service in entry.writers and name not in OF_EVERY_SERVICE
    }
    assert all(service in CATALOGUE[name].writers for name in OF_EVERY_SERVICE)


@every_service
def test_of_all_that_it_consumes_it_is_said_whether_it_can_go_on_without(service: str) -> None:
    assert sorted(consumed(service)) == sorted(import_module(f"services.{service}.domain").CONSUMES)


@every_service
def test_its_docstring_names_its_tables(service: str) -> None:
    tables = set(import_module(f"services.{service}.store").METADATA.tables) - {"checkpoint"}
    names, schema = re.fullmatch(r"(.*) \(schema `(\w+)`\)", described(service)["owns"]).groups()  # type: ignore[union-attr]
    assert (set(names.split(", ")), schema) == (tables, service)


@every_service
def test_its_docstring_names_every_file_that_its_siblings_do_not_have(service: str) -> None:
    folder = ROOT / "services" / service
    extras = {path.name for path in folder.glob("*.py") if path.stem not in ALWAYS | WITH_HTTP}
    extras |= {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    assert set(re.findall(r"\w+(?:\.py|/)", described(service).get("extras", ""))) == extras


def test_the_map_of_the_machinery_has_every_module_of_it() -> None:
    runtime = import_module("shared.runtime")
    named = re.findall(r"\w+", re.sub(r"(?m)^[a-z].{19}", "", str(runtime.__doc__).partition("\n\n")[2]))
    there = {path.stem for path in (ROOT / "shared" / "runtime").glob("*.py")} - {"__init__"}
    assert (set(named), len(named)) == (there, len(there))


@every_file
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [
        f"{f.name}: {f.end_lineno - f.lineno + 1}" for f in functions if f.end_lineno - f.lineno >= MAX_FUNCTION_LINES
    ]  # type: ignore[operator]
    assert long == []


@every_source
def test_every_file_says_what_it_is_and_has_a_name_that_means_something(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert FORBIDDEN_NAMES.isdisjoint(path.relative_to(ROOT).with_suffix("").parts)


@every_pure_file
def test_what_is_pure_imports_no_third_party(path: Path) -> None:
    others = imported(path) - FIRST_PARTY - sys.stdlib_module_names
    assert others <= ALLOWED.get(name_of(path), set())


@every_pure_file
def test_what_is_pure_has_no_clock_no_chance_and_no_environment(path: Path) -> None:
    assert imported(path) & IMPURE_MODULES <= MAY_BE_IMPURE.get(name_of(path), set())
    asks_the_time = re.search(
        r"datetime\.(?:now|utcnow)\(|date\.today\(|\btime\.(?:time|monotonic)\(", path.read_text("utf-8")
    )
    assert asks_the_time is None or name_of(path) in {"shared/tokens.py", "shared/ids.py"}
