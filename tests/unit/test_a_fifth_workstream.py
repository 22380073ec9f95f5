"""A workstream is one new file: it is found, proposed, mapped and gets its workflows without a change elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ingest import workstreams
from services.ingest.columns.proposals import ambiguity, proposals
from services.ingest.files.reading import Limits
from services.ingest.preview import preview
from services.ingest.registry import shipped
from services.ingest.workstreams import Workstream

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"
GUESTS = """Badge Number,Guest,Company,Invited by,E-Mail,Dietary Wishes,Checked In At
17,Ann Ash,Acme GmbH,Bob Owner,ann@acme.example,no nuts,09:14
18,Cem Coe,Beta Ltd,Bob Owner,cem@beta.example,,09:20
"""


@pytest.fixture
def fifth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The file that the guide shows, in a folder of its own."""
    code = re.search(r'```python\n(""".*?WORKSTREAM: Final.*?)```', GUIDE.read_text("utf-8"), re.S)
    assert code
    (tmp_path / "event_guests.py").write_text(code[1], "utf-8")
    monkeypatch.setattr(workstreams, "__path__", [str(tmp_path), *workstreams.__path__])
    workstreams.workstreams.cache_clear()
    yield "event_guests"
    monkeypatch.undo()
    workstreams.workstreams.cache_clear()


def test_one_file_is_enough(fifth: str, tmp_path: Path) -> None:
    file = tmp_path / "guests.csv"
    file.write_text(GUESTS, "utf-8")
    seen = preview(file, None, Limits())
    assert (seen["workstream"], seen["rows"], seen["bad_rows"]) == (fifth, 2, [])
    assert {name: match["header"] for name, match in seen["mapping"].items()} == {
        "full_name": "Guest",
        "company_name": "Company",
        "email": "E-Mail",
        "notes": "Dietary Wishes",
    }
    assert seen["unmapped"] == ["Badge Number", "Invited by", "Checked In At"]
    registered = shipped([workstreams.workstream(fifth)])
    assert {(entry.workflow, entry.workstream) for entry in registered} == {
        (slug, fifth) for slug in ("normalize_company_name", "normalize_company_domain", "enrich_email")
    }


def test_one_header_that_only_its_files_have_is_enough(fifth: str) -> None:
    """The rows are what the workstream reads in them, whoever else knows none of its columns."""
    headers = ["Guest", "Company", "Website", "Email", "Badge Number"]
    found = proposals(headers, [["Ann Ash", "Acme GmbH", "acme.example", "ann@acme.example", "17"]] * 3)
    assert [(one.workstream, one.reason) for one in found][:2] == [
        (fifth, "only its files have 'Badge Number'"),
        ("crm_data", "a list of people"),
    ]
    assert ambiguity(found) is None


def test_a_slug_that_no_workflow_has_is_told_with_whose_it_is() -> None:
    typo = Workstream("guests", "Guests", ("person",), workflows="normalize_company_name enrich_emial")
    with pytest.raises(ValueError, match=r"guests: there is no workflow 'enrich_emial'; .*, enrich_email, "):
        shipped([typo])
