"""Which header is which field: real exports, any order of columns, decoys, and what is missing."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.mapping import MissingColumn, map_headers, require, row_fields, row_problem
from services.ingest.reading import open_table
from services.ingest.workstreams import (
    Target,
    UnknownWorkstream,
    Workstream,
    header_key,
    workstream,
    workstreams,
)

APOLLO = Path(__file__).parents[1] / "data" / "apollo"
SCRAPE = workstream("apollo_scrape")
FILES = ["contacts_49col_excel_resaved.csv", "contacts_63col.csv", "contacts_105col_bom_crlf.csv"]


@pytest.mark.parametrize("name", FILES)
def test_real_exports(name: str) -> None:
    with open_table(APOLLO / name) as table:
        mapping = map_headers(SCRAPE, table.headers)
        require(mapping, SCRAPE)
        fields = [row_fields(mapping, row.cells) for row in table.rows()]
    assert mapping.targets["company_name"].header in ("Company", "Company Name")
    assert len(mapping.targets) + len(mapping.unmapped) == len(table.headers)
    assert "Company Name for Emails" in mapping.unmapped
    assert mapping.warnings == []
    nobody = [row for row in fields if row_problem(SCRAPE, row)]  # a company and a title, and no person
    assert [row["company_name"] for row in nobody] == (["97 Street Pub"] if "105" in name else [])
    assert all("@" in row["email"] for row in fields if "email" in row)


def test_the_49_columns_in_full() -> None:
    with open_table(APOLLO / FILES[0]) as table:
        mapping = map_headers(SCRAPE, table.headers)
        first = row_fields(mapping, next(table.rows()).cells)
    assert first["company_phone"] == "+1 303-555-0114"
    assert first["company_employee_count"] == "7"
    assert (first["first_name"], first["company_name"]) == ("Skyler", "Cloudburst, SBC")
    assert {"company_total_funding", "mobile_phone"}.isdisjoint(first)


@given(st.randoms(use_true_random=False))
def test_the_order_of_columns_does_not_matter(order: random.Random) -> None:
    with open_table(APOLLO / FILES[2]) as table:
        headers = list(table.headers)
    shuffled = order.sample(headers, len(headers))
    one, other = map_headers(SCRAPE, headers), map_headers(SCRAPE, shuffled)
    assert {n: m.header for n, m in one.targets.items()} == {n: m.header for n, m in other.targets.items()}
    assert sorted(one.unmapped) == sorted(other.unmapped)
    assert all(shuffled[match.index] == match.header for match in other.targets.values())


@given(header=st.sampled_from([alias for target in SCRAPE.targets for alias in target.aliases]), data=st.data())
def test_spelling_does_not_matter(header: str, data: st.DataObject) -> None:
    respelled = data.draw(
        st.sampled_from([header.upper(), header.replace(" ", "_"), f"  {header} ", header.title() + "."])
    )
    assert map_headers(SCRAPE, [respelled]).targets.keys() == map_headers(SCRAPE, [header]).targets.keys() != set()


@given(st.text())
def test_header_keys_are_stable(header: str) -> None:
    assert header_key(header_key(header)) == header_key(header)


def test_the_unicode_form_does_not_matter() -> None:
    assert header_key("Gr\u00f6\u00dfe") == header_key("GRO\u0308SSE")


@pytest.mark.parametrize("decoy", ["Company Name for Emails", "company_name_for_emails", "Cleaned Company Name"])
def test_decoys_are_never_the_company_s_name(decoy: str) -> None:
    mapping = map_headers(SCRAPE, ["Email", decoy])
    assert mapping.targets.keys() == {"email"}
    assert mapping.unmapped == [decoy]


def test_the_preferred_alias_wins_and_the_other_is_listed() -> None:
    mapping = map_headers(SCRAPE, ["Company", "Company Name", "Website"])
    assert mapping.targets["company_name"].header == "Company Name"
    assert (mapping.targets["company_name"].index, mapping.targets["company_name"].score) == (1, 1.0)
    assert mapping.unmapped == ["Company"]


def test_repeated_and_missing_headers() -> None:
    mapping = map_headers(SCRAPE, ["Email", "", "Lists", "e-mail", "LISTS"])
    assert mapping.targets["email"].index == 0
    assert mapping.unmapped == ["(column 2, without a header)", "Lists", "e-mail", "LISTS"]
    assert [warning.split(";")[0] for warning in mapping.warnings] == [
        "The column 'Email' occurs 2 times",
        "The column 'Lists' occurs 2 times",
    ]


def test_a_missing_column_is_named_with_what_there_is() -> None:
    mapping = map_headers(SCRAPE, ["Company", "First Name", "Emails"])
    with pytest.raises(MissingColumn) as refusal:
        require(mapping, SCRAPE)
    message = str(refusal.value)
    assert "'First Name' with 'Last Name'" in message
    assert "Company, First Name, Emails" in message
    assert "Nearest: 'Emails'" in message


def test_a_row_that_is_no_item_says_why() -> None:
    problem = row_problem(SCRAPE, {"first_name": "Jo", "company_name": "Acme"})
    assert problem is not None
    assert problem.endswith("it has only 'First Name'.")
    assert str(row_problem(SCRAPE, {})).endswith("it has none of them.")
    assert row_problem(SCRAPE, {"email": "jo@acme.com"}) is None


def test_cells_are_cleaned_and_empty_ones_left_out() -> None:
    mapping = map_headers(SCRAPE, ["Email", "Mobile Phone", "Notes", "Title"])
    assert row_fields(mapping, [" jo@acme.com", "'+1 303", '"null"']) == {
        "email": "jo@acme.com",
        "mobile_phone": "+1 303",
    }


def test_the_registry() -> None:
    assert all(slug == known.slug for slug, known in workstreams().items())
    with pytest.raises(UnknownWorkstream, match="apollo_scrape"):
        workstream("nothing")


def test_two_targets_cannot_claim_one_header() -> None:
    targets = (Target("email", ("Email",)), Target("notes", ("E-Mail",)))
    with pytest.raises(ValueError, match="notes and email both claim 'email'"):
        Workstream("x", "X", targets, (("email",),))


@pytest.mark.parametrize("known", workstreams().values(), ids=lambda known: known.slug)
def test_what_identifies_is_a_target(known: Workstream) -> None:
    names = {target.name for target in known.targets}
    assert {field for fields in known.identified_by for field in fields} <= names


def test_the_sample_that_ships() -> None:
    sample = Path(__file__).parents[2] / "samples" / "apollo_people.csv"
    with open_table(sample) as table:
        mapping = map_headers(SCRAPE, table.headers)
        fields = [row_fields(mapping, row.cells) for row in table.rows()]
    assert (len(fields), len(mapping.targets)) == (200, 28)
    assert not any(row_problem(SCRAPE, row) for row in fields)
    assert len({row["company_name"].casefold() for row in fields}) >= 60
    assert all(row["email"].endswith(".example") for row in fields if "email" in row)
