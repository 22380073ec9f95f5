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
