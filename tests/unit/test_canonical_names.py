"""Names of companies and people as weak keys, and cells without the noise of exports."""

import pytest

from shared import canonical
from shared.legal_forms import without_legal_form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ace Flag Co., Inc.", "ACE FLAG"),
        ("Cloudburst, SBC", "cloudburst"),
        ("Brightforge GmbH & Co. KG", "Brightforge GmbH"),
        ("Société Générale d’Exemple S.A.", "Societe Generale D'Exemple"),
        ("株式会社サンプル", "サンプル"),
        ("Smith & Sons Ltd", "Smith and Sons"),
        ("ÅLESUND Offshore AS", "Alesund  Offshore"),
        ("Wytwórnia Sp. z o.o.", "Wytwornia"),
        ("LAKE (LAK3)", "Lake, Inc."),
        ("OmniSync Incorporated (dba TurboInnovate)", "OmniSync"),
        ("Nordwind | Renewable Energy", "Nordwind GmbH"),
        ("Construtora São João Ltda.", "construtora sao joao"),
        ("Müller & Söhne AG", "Muller and Sohne"),
        ("De Bakker B.V.", "de bakker"),
        ("Ромашка ООО", "Ромашка"),
        ("Acme™", "acme"),
        ("Acme™ Inc.", "Acme, Inc.℠"),
        ("Ørsted A/S", "Orsted"),
        ("Łódź Software", "lodz software"),
        ("MÆRSK", "Maersk"),
        ("Þór & Ðal Œuvres", "Thor and Dal Oeuvres"),
        ("Đurić Straße Iıİ", "duric strasse iii"),
        ("The Home Depot", "Home Depot, Inc."),
        ("The Coca-Cola Company", "Coca-Cola"),
        ("THE Band", "The The Band"),
    ],
)
def test_one_company_name(one: str, other: str) -> None:
    assert canonical.company_name_key(one) == canonical.company_name_key(other)


@pytest.mark.parametrize("name", [
    "AG", "Limited", "The Company", "The Limited", "The The", "Inc.", "& Co", "Nurses Unlimited", "Beyond EI", "Theory",
])  # fmt: skip
def test_names_that_are_legal_terms_stay(name: str) -> None:
    assert without_legal_form(name) == name
    assert canonical.company_name_key(name) == name.lower().replace("&", "and").replace(".", "")


@pytest.mark.parametrize("name", [
    "Self-employed", "SELF EMPLOYED", "Freelance", "Stealth Startup (remote)", "Confidential", "Unemployed", "Retired",
    "Student", "NA", "Selbstständig", "Auto-entrepreneur", "Étudiante", "Autônomo", "Libero professionista", "ZZP'er",
])  # fmt: skip
def test_what_names_no_employer_is_no_company(name: str) -> None:
    assert canonical.names_no_company(name)
    assert canonical.company_name_key(name) is None


@pytest.mark.parametrize("name", ["Freelance GmbH", "Stealth Wear", "Retired Racing Hounds", "Student Loans Inc.", ""])
def test_companies_may_be_called_alike(name: str) -> None:
    assert not canonical.names_no_company(name)


def test_person_name_key() -> None:
    key = canonical.person_name_key
    assert key("Tess", "van der Test") == key(None, None, "Dr. Tess van der Test, MBA") == "tess van der test"
    assert key("Marlo", "O'Fixture") == key(None, None, "marlo o’fixture")
    assert key("Tess", None) is key(None, None, "Tess") is key(None, None, None) is None
    assert key(None, None, "李明") == "李明"


@pytest.mark.parametrize(
    ("cell", "clean"),
    [
        ("'+1 303-555-0114", "+1 303-555-0114"),
        ("'303-555-0114", "303-555-0114"),
        ("'@Home Healthcare", "@Home Healthcare"),
        ("'47 Brand", "'47 Brand"),
        ("Bloomin'", "Bloomin'"),
        ("\xa0a\xa0b\0 \ufeff", "a b"),
        ("\u202a'+49 30 1\u202c", "+49 30 1"),
        ("Ac\u200bme\u2060 Wasser\xadwerk\u061c", "Acme Wasserwerk"),
        ("\u2067\ufeffשלום\u2069", "שלום"),
        ("می\u200cخواهم \U0001f469\u200d\U0001f4bb\u200d", "می\u200cخواهم \U0001f469\u200d\U0001f4bb"),
        ("Null", "Null"),
        ("Nan", "Nan"),
        ('="0049 30 1"', "0049 30 1"),
        ("'=\"'+49 30 1\"", "+49 30 1"),
        ('="a" & "b"', '="a" & "b"'),
        (35, "35"),
    ],
)
def test_clean_cell(cell: object, clean: str) -> None:
    assert canonical.clean_cell(cell) == clean


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "null",
        "NULL",
        '"null"',
        "n/a",
        "N/A",
        "None",
        "-",
        "'-",
        "–",
        "—",
        " ― ",
        "n.a.",
        "N.A.",
        "k.A.",
        "undefined",
        "email_not_unlocked@domain.com",
        "'",
        "nan",
        "NaN",
        "\\N",
        '=""',
        "#REF!",
        "#DIV/0!",
        "'#NAME?",
        None,
        True,
        [],
    ],
)
def test_clean_cell_of_nothing(cell: object) -> None:
    assert canonical.clean_cell(cell) is None
