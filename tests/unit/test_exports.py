"""Exports that a careful person mapped by hand: what a preview says of each, and that the file tells its own kind."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.ingest.files.reading import Limits
from services.ingest.preview import preview

DATA = Path(__file__).parents[1] / "data"
WANTED: dict[str, dict[str, Any]] = json.loads((DATA / "expected_previews.json").read_text("utf-8"))
READ = ("workstream", "encoding", "delimiter", "preamble_lines", "footer_lines", "rows")
# Lists of people that any tool could have made: to a file like that no workstream is the only one.
ANYBODY_S = {"seamless.csv", "snov_social_urls.csv"}


@pytest.mark.parametrize("name", WANTED)
def test_an_export(name: str) -> None:
    wanted = WANTED[name]
    seen = preview(DATA / "exports" / name, wanted["workstream"], Limits())
    assert {part: seen[part] for part in READ} == {part: wanted[part] for part in READ}
    assert {field: match["header"] for field, match in seen["mapping"].items()} == wanted["mapping"]
    assert len(seen["bad_rows"]) == wanted["bad_rows"] == 0


@pytest.mark.parametrize("name", sorted(WANTED.keys() - ANYBODY_S))
def test_an_export_tells_its_kind(name: str) -> None:
    assert preview(DATA / "exports" / name, None, Limits())["workstream"] == WANTED[name]["workstream"]


def test_every_file_is_expected() -> None:
    assert {path.name for path in (DATA / "exports").iterdir()} == WANTED.keys()
