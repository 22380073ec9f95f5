"""What a header alone says: spellings, whose it is, decoys, which of two counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.columns.mapping import (
    map_headers,
)
from services.ingest.vocabulary import FIELDS, header_key
from services.ingest.vocabulary.field import ranked
from services.ingest.workstreams import Workstream, workstreams
from tests.unit.columns import SCRAPE, mapped

KNOWN = [header for entry in FIELDS for _, header in ranked(entry.known).values()]


@given(header=st.sampled_from(KNOWN), data=st.data())
def test_spelling_does_not_matter(header: str, data: st.DataObject) -> None:
    respelled = data.draw(
        st.sampled_from(
            [header.upper(), header.replace(" ", "_"), f"  {header} ", header.title() + ".", "\ufeff" + header]
        )
    )
    assert mapped([respelled]).keys() == mapped([header]).keys() != set()


@pytest.mark.parametrize("header", KNOWN)
def test_every_known_header_gives_its_field(header: str) -> None:
    fields = {entry.name for entry in FIELDS if header_key(header) in ranked(entry.known)}
    assert fields & mapped([header]).keys()


@given(st.text())
def test_header_keys_are_stable(header: str) -> None:
    assert header_key(header_key(header)) == header_key(header)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gr\u00f6\u00dfe", "GRO\u0308SSE"),
        ("Pr\u00e9nom", "prenom"),
        ("linkedInProfileUrl", "LinkedIn profile URL"),
        ("LinkedIn__c", "LinkedIn"),
        ("\ufeffEmail", "e-mail"),
        ("Email (required)", "Email"),
        ("Website [Optional]", "Website"),
        ("LinkedIn URL (if known) ", "LinkedIn URL"),
        ("Job Title (e.g. CEO)", "Job Title"),
        ("Nachname (Pflichtfeld)", "Nachname"),
    ],
)
def test_headers_that_are_the_same(one: str, other: str) -> None:
    assert header_key(one) == header_key(other)


@pytest.mark.parametrize("header", ["(required)", "Email (work)", "Phone (personal)", "Required", "Known Company"])
def test_what_is_no_note_to_who_fills_it_in_is_read(header: str) -> None:
    assert header_key(header) == "".join(letter for letter in header.casefold() if letter.isalnum())


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("companyName", "company_name"),
        ("Company: Name", "company_name"),
        ("Account: Account Name", "company_name"),
        ("ACCOUNT.BILLINGCITY", "company_city"),
        ("Organization - Country of Address", "company_country"),
        ("URL de LinkedIn de la empresa", "company_linkedin_url"),
        ("Person - Phone - Mobile", "mobile_phone"),
        ("Lead City", "person_city"),
        ("Contact: Email", "email"),
        ("E-mail 1 - Value", "email"),
        ("Organization 1 - Title", "title"),
        ("Phone 1", "mobile_phone"),
        ("Adresse 1 - Ville", "person_city"),
        ("Adresse postale : Pays", "person_country"),
        ("Rechnungsanschrift Ort", "company_city"),
        ("Account Name: Account Name", "company_name"),
        ("linkedin company description", "company_description"),
        ("HQ State/Province", "company_state"),
        ("Invitee Email", "email"),
    ],
)
def test_a_header_says_whose_it_is(header: str, name: str) -> None:
    assert mapped(["First Name", header])[name] == header


DECOYS = """
    Company Name for Emails | Cleaned Company Name | Secondary Email | Tertiary Email | Owner | Contact owner |
    Account Owner | Company owner | Owner Email | Created by | Last Activity Date | Facebook Url | Twitter Url |
    Record ID | Company ID | Apollo Contact Id | Person - Organization ID | Associated Company IDs | Email Sent |
    Email Open | Email Bounced | Email Confidence | Primary Email Source | Secondary Email Status | Lead Status |
    Estado del lead | Lead Source | Number of Retail Locations | Salutation | Connected On | Job description |
    pastExperienceCompanyName | profileImageUrl | Username | Email Opt Out | Email Domain | Company Address |
    Birthday | Person - Label | Last Contacted | Do Not Call | E-mail 2 - Value | Home Phone | Other Phone | Fax |
    Person - Email - Home | Member Since | Contact Type | Company registered address | Address 1: Name
"""


@pytest.mark.parametrize("decoy", [decoy for _, decoy in ranked(DECOYS).values()])
@pytest.mark.parametrize("known", workstreams().values(), ids=lambda known: known.slug)
def test_decoys_are_no_field(decoy: str, known: Workstream) -> None:
    assert mapped([decoy.strip()], to=known) == {}


def test_who_has_a_first_and_a_last_name_is_not_named_by_less() -> None:
    names = ["First Name", "Last Name", "Persona"]
    assert mapped(names, *[["Ann", "Ash", "Marketing Mary"]] * 3).keys() == {"first_name", "last_name"}
    assert mapped(["Persona", "Empresa"], *[["Ann Ash", "Acme"]] * 3)["full_name"] == "Persona"


def test_one_header_one_field_but_a_website_names_the_domain_too() -> None:
    headers = ["First Name", "Website", "Name"]
    assert mapped(headers) == {
        "first_name": "First Name", "last_name": "Name", "company_website": "Website", "company_domain": "Website"
    }  # fmt: skip
    assert mapped([*headers, "Domain"])["company_domain"] == "Domain"


def test_the_preferred_header_wins_and_the_other_is_listed() -> None:
    found = map_headers(SCRAPE, ["Company", "Company Name", "Website"])
    assert (found.targets["company_name"].index, found.targets["company_name"].score) == (1, 1.0)
    assert found.unmapped == ["Company"]
