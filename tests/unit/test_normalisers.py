"""Normalisers of a lead's values: one well-formed value, and the same again for its own answer."""

import pytest

from shared import values

HASH = "ACwAAAOrqquLaRGWHJQnfEqM3n71JC5bjsr-R_Y"


@pytest.mark.parametrize(("told", "link"), [
    (f"https://www.linkedin.com/in/{HASH}", f"https://www.linkedin.com/in/{HASH}"),
    (f"https://www.linkedin.com/sales/lead/{HASH},NAME_SEARCH,ab", f"https://www.linkedin.com/in/{HASH}"),
    ("https://www.linkedin.com/sales/lead/Short,X", "https://www.linkedin.com/sales/lead/Short"),
    ("linkedin.com/in/Ann/", "https://www.linkedin.com/in/ann"),
    ("linkedin.com/company/acme", None),
])  # fmt: skip
def test_a_profile_opens_without_sales_navigator(told: str, link: str | None) -> None:
    assert values.person_link(told) == link
    assert values.person_link(link) == link


@pytest.mark.parametrize(("told", "domain"), [
    ("http://www.acme.com/", "acme.com"), ("gmail.com", None), ("https://mail.gmx.de/", None), ("linktr.ee/acme", None),
])  # fmt: skip
def test_a_domain_of_mailboxes_is_no_company_s(told: str, domain: str | None) -> None:
    assert values.domain(told) == domain


@pytest.mark.parametrize(("told", "entries"), [
    ("Slack, Square, Inc., SAS, SAP SE", ["Slack", "Square, Inc.", "SAS", "SAP SE"]),
    ("Foo Co., Ltd.,Jira, Bar, S.A.", ["Foo Co., Ltd.", "Jira", "Bar, S.A."]),
    ("Inc., Slack", ["Inc.", "Slack"]),
    ("Microsoft Office 365, PLC, AutoCAD", ["Microsoft Office 365", "PLC", "AutoCAD"]),
    ("Slack, KG, kg, LTD, AG, NV, SAS", ["Slack", "KG", "kg", "LTD", "AG", "NV", "SAS"]),
    ("Square, Inc, Foo, LLC, Bar, plc, Baz, Ltd", ["Square, Inc", "Foo, LLC", "Bar, plc", "Baz, Ltd"]),
    ("ACME, INC, Foo, P.L.C., Slack", ["ACME, INC", "Foo, P.L.C.", "Slack"]),
    ("Foo, LTD., Bar, GmbH & Co. KG", ["Foo, LTD.", "Bar, GmbH & Co. KG"]),
])  # fmt: skip
def test_a_legal_form_is_no_entry_of_a_list(told: str, entries: list[str]) -> None:
    assert values.texts(told) == entries
    assert values.texts(entries) == entries


@pytest.mark.parametrize(("told", "number"), [
    ("+49 170 1234567", "+49 170 1234567"), ("'+44 20 7946 0000", "+44 20 7946 0000"), (14155550100, "14155550100"),
    ("(415) 555-0100 ext. 12, 555-0101 (home)", "(415) 555-0100 ext. 12, 555-0101 (home)"),
    ("4155550100Ext5", "4155550100Ext5"), ("tel:+49891234", "tel:+49891234"), ("1001-5000", "1001-5000"),
    ("No mobile found", None), ("mobile", None), ("+1 415", None), (True, None), ({"number": "+49 170 1234567"}, None),
    ("No mobile found for 4815162342", None), ("ann12345@acme.com", None), ("https://wa.me/491701234567", None),
    ("2024-05-01", None), ("1.5.2024", None), ("2024-05-01T10:00:00Z", None), ("$12,000,000", None),
    ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", None), ("4.91702E+11", None), ("1234567890123456", None),
])  # fmt: skip
def test_a_phone_number_is_kept_as_it_is_written(told: object, number: str | None) -> None:
    assert values.phone(told) == number
    assert values.phone(number) == number
