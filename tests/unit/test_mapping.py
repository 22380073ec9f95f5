"""Which column is which field: spellings, any order, decoys, what the cells say, a person's choice, what is missing."""

import random
import time
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.columns.mapping import (
    Choices,
    MissingColumn,
    UnknownChoice,
    map_headers,
    require,
    row_fields,
    row_problem,
)
from services.ingest.columns.proposals import proposals
from services.ingest.files.reading import open_table
from services.ingest.workstreams import UnknownWorkstream, Workstream, workstream, workstreams
from shared.canonical import company_name_key
from tests.unit.columns import CRM, SALESNAV, SCRAPE, mapped

DATA = Path(__file__).parents[1] / "data"


def contents(name: str) -> tuple[list[str], list[list[str]]]:
    with open_table(DATA / name) as table:
        return list(table.headers), [row.cells for row in islice(table.rows(), 25)]


LISTS = [
    contents(f"{name}.csv") for name in ("apollo/contacts_63col", "salesnav/koolkit_21col", "crm/hubspot_contacts_en")
]


@settings(deadline=None, max_examples=40)
@given(st.randoms(use_true_random=False), st.sampled_from(LISTS), st.sampled_from([SCRAPE, CRM, SALESNAV]))
def test_the_order_of_columns_does_not_matter(
    order: random.Random, contents: tuple[list[str], list[list[str]]], known: Workstream
) -> None:
    headers, sample = contents
    places = order.sample(range(len(headers)), len(headers))
    shuffled = [headers[place] for place in places]
    one = map_headers(known, headers, sample)
    other = map_headers(known, shuffled, [[row[place] for place in places] for row in sample])
    assert {n: (m.header, m.score, m.reason) for n, m in one.targets.items()} == {
        n: (m.header, m.score, m.reason) for n, m in other.targets.items()
    }
    assert sorted(one.unmapped) == sorted(other.unmapped)
    assert sorted(one.warnings) == sorted(other.warnings)
    assert all(shuffled[match.index] == match.header for match in other.targets.values())


CELL = st.text(max_size=30) | st.sampled_from(["a@x.com", "https://linkedin.com/in/ann", "1-10", "x" * 300_000])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=20) | st.sampled_from(["Email", "Name", "URL", "City"]), max_size=8), st.data())
def test_nothing_in_a_file_makes_mapping_raise(headers: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(CELL, max_size=len(headers) + 1), max_size=4))
    for known in workstreams().values():
        found = map_headers(known, headers, rows)
        assert len({match.index for match in found.targets.values()}) + len(found.unmapped) == len(headers)
    proposals(headers, rows)


def test_very_long_cells_are_quick() -> None:
    long = "1 " * 200_000
    headers = ["Company Size", "Start Date", "Website", "Company", "Annual Revenue", "LinkedIn URL"]
    began = time.monotonic()
    map_headers(CRM, headers, [[long + "x", long, "https://google.com/url?" + long, "(" * 400_000, long, long]] * 5)
    assert company_name_key(" " * 400_000 + "Acme" + " (" * 200_000) is not None
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("header", "cells", "name"),
    [
        ("Website", ["https://www.linkedin.com/company/acme", "linkedin.com/company/beta/"], "company_linkedin_url"),
        ("URL", ["https://www.linkedin.com/in/ann"], "person_linkedin_url"),
        ("URL", ["https://acme.com", "beta.io"], "company_website"),
        ("LinkedIn", ["https://linkedin.com/in/ann", "https://linkedin.com/in/bob"], "person_linkedin_url"),
        ("LinkedIn", ["https://linkedin.com/company/acme"], "company_linkedin_url"),
    ],
)
def test_cells_tell_links_apart(header: str, cells: list[str], name: str) -> None:
    assert mapped(["First Name", header], *(["Ann", cell] for cell in cells))[name] == header


@pytest.mark.parametrize(
    ("headers", "row"),
    [
        (["Email", "Company", "Account Name"], ["a@acme.com", "10293", "Acme"]),
        (["Email", "Company URL", "Company"], ["a@acme.com", "https://linkedin.com/in/ann", "Acme"]),
        (["Email", "Title", "Position"], ["a@acme.com", "Mr.", "CEO"]),
    ],
)
def test_cells_that_speak_against_a_header_keep_its_field_away(headers: list[str], row: list[str]) -> None:
    found = mapped(headers, row, row, row)
    assert headers[1] not in found.values()
    assert found["email"] == "Email"
    assert headers[2] in found.values()


def test_cells_that_only_half_fit_are_a_question() -> None:
    rows = [["Ann", "a@acme.com"], ["Bob", "none yet"], ["Cem", "none yet"]]
    found = map_headers(CRM, ["First Name", "Email"], rows)
    assert found.targets["email"].score == 0.8
    assert "only 33% of its cells look like it" in found.warnings[0]


def test_two_columns_that_say_different_things_are_a_question() -> None:
    rows = [["Ann", "Acme", "Umbrella"], ["Bob", "Beta", "Initech"]]
    found = map_headers(CRM, ["First Name", "Company", "Employer"], rows)
    assert found.targets["company_name"].header == "Company"
    assert "company_name could also be 'Employer'" in found.warnings[0]
    assert "--map 'company_name=Employer'" in found.warnings[0]
    same = map_headers(CRM, ["First Name", "Company", "Employer"], [["Ann", "Acme", "Acme"]])
    assert same.warnings == []


def test_a_column_full_of_profiles_under_a_strange_header_is_a_question_not_a_guess() -> None:
    found = map_headers(CRM, ["Email", "Where"], [["a@acme.com", "https://linkedin.com/in/ann"]])
    assert "person_linkedin_url" not in found.targets
    owned = map_headers(CRM, ["First Name", "Last Name", "Owner Email"], [["Ann", "Lee", "o@agency.com"]])
    assert (owned.unmapped, owned.warnings) == (["Owner Email"], [])
    assert found.warnings == [
        "'Where' holds LinkedIn profiles and is mapped to nothing; --map 'person_linkedin_url=Where' says otherwise."
    ]


@pytest.mark.parametrize(
    ("headers", "rows", "name"),
    [
        (["First Name", "Company"], "person", "person_city"),
        (["Company", "Website"], "company", "company_city"),
        (["Name", "Company"], "person", "person_city"),
        (["Name", "Industry"], "company", "company_city"),
        (["Name", "Email"], "person", "person_city"),
    ],
)
def test_whose_city_it_is_follows_from_what_the_rows_are(headers: list[str], rows: str, name: str) -> None:
    found = map_headers(CRM, [*headers, "City"])
    assert found.rows == rows
    assert name in found.targets


def test_a_person_s_choice_counts_before_what_the_client_chose_and_both_before_the_headers() -> None:
    headers = ["First Name", "Company", "Employer", "Firm"]
    assert mapped(headers, remembered={"company_name": "employer"})["company_name"] == "Employer"
    both = mapped(headers, chosen={"company_name": "Firm"}, remembered={"company_name": "Employer"})
    assert both["company_name"] == "Firm"
    assert "company_name" not in mapped(headers, chosen={"company_name": ""})
    assert mapped(headers, remembered={"company_name": "Gone"})["company_name"] == "Company"
    assert mapped(headers, chosen={"notes": "Company"}) == {
        "first_name": "First Name",
        "notes": "Company",
        "company_name": "Employer",
    }


@pytest.mark.parametrize(
    ("chosen", "says"), [({"company": "Firm"}, "no field 'company'"), ({"notes": "X"}, "no column 'X'")]
)
def test_a_choice_of_what_is_not_there_is_refused(chosen: dict[str, str], says: str) -> None:
    with pytest.raises(UnknownChoice, match=says):
        map_headers(CRM, ["First Name", "Firm"], choices=Choices(chosen=chosen))


def test_repeated_and_missing_headers() -> None:
    found = map_headers(SCRAPE, ["Email", "", "Lists", "e-mail", "LISTS"])
    assert found.targets["email"].index == 0
    assert found.unmapped == ["(column 2, without a header)", "Lists", "e-mail", "LISTS"]
    assert found.warnings == [
        "The column 'Email' occurs 2 times; the one in column 1 counts.",
        "The column 'Lists' occurs 2 times; the one in column 3 counts.",
    ]
    fuller = map_headers(SCRAPE, ["Email", "E-Mail"], [["", "a@acme.com"]])
    assert fuller.targets["email"].index == 1
    chosen = Choices(chosen={"notes": "Lists"})
    assert map_headers(SCRAPE, ["Lists", "Lists"], [["", "a"]], chosen).targets["notes"].index == 1


def test_a_missing_column_is_named_with_what_there_is() -> None:
    found = map_headers(SCRAPE, ["Colour", "First Name", "Email Nr"])
    with pytest.raises(MissingColumn) as refusal:
        require(found, SCRAPE)
    message = str(refusal.value)
    assert "'First Name' with 'Last Name'" in message
    assert "Colour, First Name, Email Nr" in message
    assert "Nearest: 'Email Nr'" in message


def test_a_row_that_is_no_item_says_why() -> None:
    people = map_headers(SCRAPE, ["First Name", "Last Name", "Email", "Company"])
    problem = row_problem(people, {"first_name": "Jo", "company_name": "Acme"})
    assert problem == "The row needs 'First Name' with 'Last Name', or 'Email'; it has only 'First Name'."
    assert str(row_problem(people, {})).endswith("it has none of them.")
    assert row_problem(people, {"email": "jo@acme.com"}) is None


def test_cells_are_cleaned_and_empty_ones_left_out() -> None:
    found = map_headers(SCRAPE, ["Email", "Mobile Phone", "Notes", "Title"])
    assert row_fields(found, [" jo@acme.com", "'+1 303", '"null"']) == {
        "email": "jo@acme.com",
        "mobile_phone": "+1 303",
    }


def test_the_registry() -> None:
    assert set(workstreams()) >= {"apollo_scrape", "crm_data", "customer_companies", "salesnav_koolkit"}
    assert all(slug == known.slug for slug, known in workstreams().items())
    with pytest.raises(UnknownWorkstream, match="apollo_scrape"):
        workstream("nothing")


def test_two_fields_cannot_claim_one_header() -> None:
    with pytest.raises(ValueError, match="notes and email both claim 'email'"):
        Workstream("x", "X", ("person",), headers={"email": "Email", "notes": "E-Mail"})
    with pytest.raises(ValueError, match="there is no field 'colour'"):
        Workstream("x", "X", ("person",), headers={"colour": "Colour"})


@pytest.mark.parametrize("known", workstreams().values(), ids=lambda known: known.slug)
def test_what_identifies_is_a_field(known: Workstream) -> None:
    names = {entry.name for entry in known.fields}
    assert {name for rows in known.rows for names in known.identified_by(rows) for name in names} <= names


def test_the_sample_that_ships() -> None:
    with open_table(Path(__file__).parents[2] / "samples" / "apollo_people.csv") as table:
        found = map_headers(SCRAPE, table.headers, [row.cells for row in table.rows()])
        fields = [row_fields(found, row.cells) for row in table.rows()]
    assert (len(fields), len(found.targets), found.warnings) == (200, 29, [])
    assert not any(row_problem(found, row) for row in fields)
    assert len({row["company_name"].casefold() for row in fields}) >= 60
    assert all(row["email"].endswith(".example") for row in fields if "email" in row)
