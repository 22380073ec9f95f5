"""One spelling for each thing that is compared: tables of real shapes, idempotence for anything."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import canonical
from shared.legal_forms import plain_words, without_legal_form

TEXT = st.text(alphabet=st.characters(), max_size=60)
PIECES = """
    http:// https:// www. linkedin.com/ nl.linkedin.com/ company/ in/ school/ pub/ sales/lead/ Acme acme.com
    münchen.de %C3%A9 %25 %41 %00 %E2%80%8B / ? # @ . : , ' \" ; & + Ltd Inc. S.A. foo.github.io .example
    https://google.com/url?q= https://href.li/? web.archive.org/web/1/ (LAK3) | [x]
    ACwAAAOrqquLaRGWHJQnfEqM3n71 127.0.0.1 1/2/3 ß ﬁ Ｆ 株式会社 ™ Ǿ Æ ı
"""
UNSEEN = list(map(chr, (0x200E, 0x200F, 0x202A, 0x202E, 0x2066, 0x2069, 0x61C, 0x200B, 0x2060, 0xFEFF, 0xAD)))
ODD = [" ", "\\", "\u037e", "\u212a", "\u0130", "\u0345", "\ud800", "\0", "\xa0", "\u2003", "\u200d", *UNSEEN]
URL_LIKE = st.lists(st.sampled_from(PIECES.split() + ODD), max_size=8).map("".join)
ANYTHING = TEXT | URL_LIKE

DOMAINS = {
    "http://www.capgemini.com": "capgemini.com",
    "https://royalchicken.ca/en": "royalchicken.ca",
    "HTTPS://WWW.NORDWIND.EXAMPLE/": "nordwind.example",
    "http://www.ajbell.co.uk": "ajbell.co.uk",
    "shop.pretty.com.au:8080/x?y#z": "pretty.com.au",
    "foo.de.": "foo.de",
    "www.google.com": "google.com",
    "https://https://foo.com": "foo.com",
    "http//foo.com": "foo.com",
    "http:\\\\foo.com": "foo.com",
    "//foo.com": "foo.com",
    '"foo.com"': "foo.com",
    "foo.com, bar.com": "foo.com",
    "Jo <jo@mail.foo.com>": None,
    "jo@mail.foo.com": "foo.com",
    "mailto:jo@foo.com": "foo.com",
    "https://user:secret@foo.com/": "foo.com",
    "MÜNCHEN.de": "xn--mnchen-3ya.de",
    "xn--mnchen-3ya.de": "xn--mnchen-3ya.de",
    "straße.de": "xn--strae-oqa.de",
    "foo。com": "foo.com",
    "acme.brandnewtld": "acme.brandnewtld",
    "a.github.io": "a.github.io",
    "blog.a.github.io": "a.github.io",
    "shop.myshopify.com": "shop.myshopify.com",
    "acme.uk.com": "acme.uk.com",
    "acme.wordpress.com": "acme.wordpress.com",
    "www.wordpress.com": "wordpress.com",
    "gmail.com": "gmail.com",
    "https://acme.business.site/": "acme.business.site",
    "www.acme.mystrikingly.com": "acme.mystrikingly.com",
    "acme.medium.com": "acme.medium.com",
    "https://github.com/": "github.com",
    "https://www.yelp.com/careers": "yelp.com",
    "google.com/about": "google.com",
    "acme.com/maps/place": "acme.com",
    "https://www.google.com/url?sa=t&url=https%3A%2F%2Fwww.acme.com%2Fen&usg=x": "acme.com",
    "https://l.facebook.com/l.php?u=https%3A%2F%2Facme.com%2F&h=AT0": "acme.com",
    "https://www.linkedin.com/redir/redirect?url=http%3A%2F%2Facme%2Ecom&urlhash=x": "acme.com",
    "https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Facme.co.uk%2F&data=05": "acme.co.uk",
    "https://urldefense.com/v3/__https://acme.com/x__;!!Ab!cd$": "acme.com",
    "https://urldefense.proofpoint.com/v2/url?u=https-3A__www.acme.com_about&d=x": "acme.com",
    "https://web.archive.org/web/20200101000000/https://acme.com/": "acme.com",
    "https://www.google.com/url?q=https://l.facebook.com/l.php?u%3Dacme.com": "acme.com",
    "https://acme.com/login?url=https://other.com": "acme.com",
    "https://click.mail.acme.com/track/1?to=x": "acme.com",
    "www.google.com/url?sa=t": "google.com",
}
NO_DOMAIN = """
    n/a|"null"|-|HTTPS:|co.uk|localhost|foo.local|127.0.0.1|http://[::1]:80/|192.168.0.1:8000|t.b.d|Self-employed
    https://www.linkedin.com/company/acme|nl.linkedin.com|facebook.com/acme|https://x.com/acme|twitter.com/acme
    instagram.com/acme|linktr.ee/acme|youtube.com/@acme|https://sites.google.com/view/acme|foo..com|http://|@
    https://www.google.com/maps/place/Acme|google.co.uk/maps?cid=1|https://m.yelp.ca/biz/acme|github.com:443/acme
    https://medium.com/@acme|etsy.com/uk/shop/Acme|https://en.wikipedia.org/wiki/Acme|bbb.org/us/x|#REF!
"""


@pytest.mark.parametrize(("text", "domain"), DOMAINS.items())
def test_registrable_domain(text: str, domain: str | None) -> None:
    assert canonical.registrable_domain(text) == domain


@pytest.mark.parametrize("text", [t.strip() for t in NO_DOMAIN.replace("\n", "|").split("|")] + [None, 7, [], {}])
def test_no_domain(text: object) -> None:
    assert canonical.registrable_domain(text) is None


def test_free_mail_is_a_question_of_its_own() -> None:
    free = ["gmail.com", "yahoo.co.jp", "GMX.de", "jo@hotmail.com", "qq.com"]
    assert [d for d in [*free, "acme.com", None, "", "mail.acme.com"] if canonical.is_free_mail(d)] == free


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("https://nl.linkedin.com/company/Acme-Inc/about/?trk=1#x", "company/acme-inc"),
        ("linkedin.com/company/1234", "company/1234"),
        ("http://www.linkedin.com/company/mdi.", "company/mdi."),
        ("http://www.linkedin.com/company/juliette-&-chocolat", "company/juliette-&-chocolat"),
        ("https://www.linkedin.com/company/s%c3%a3o-paulo/", "company/são-paulo"),
        ("https://www.linkedin.com/company/SA\u0303O-paulo/", "company/são-paulo"),
        ("https://www.linkedin.com/company/caf%e9", "company/café"),
        ("https://www.linkedin.com/company/acme%20inc", "company/acme%20inc"),
        ("https://www.linkedin.com/sales/company/43768059", "company/43768059"),
        ("urn:li:fs_salesCompany:43768059", "company/43768059"),
        ("http://www.linkedin.com/school/Some-School", "school/some-school"),
        ("linkedin.com/showcase/acme-cloud/", "showcase/acme-cloud"),
    ],
)
def test_linkedin_company(text: str, key: str) -> None:
    assert canonical.linkedin_company(text) == f"linkedin.com/{key}"


@pytest.mark.parametrize(
    "text",
    [
        "notlinkedin.com/company/x",
        "linkedin.com/in/x",
        "linkedin.com/company/",
        "acme",
        "linkedin.com/company/null",
        None,
    ],
)
def test_not_a_linkedin_company(text: object) -> None:
    assert canonical.linkedin_company(text) is None


HASH = "ACwAAAOrqquLaRGWHJQnfEqM3n71JC5bjsr-R_Y"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("http://www.linkedin.com/in/Jo-Doe-1a2b/", "in/jo-doe-1a2b"),
        ("https://de.linkedin.com/in/jo/de?trk=x", "in/jo"),
        ("linkedin.com/mwlite/in/jo", "in/jo"),
        ("https://www.linkedin.com/comm/in/jo?midToken=x", "in/jo"),
        ("https://www.google.com/url?q=https://uk.linkedin.com/in/jo&sa=U", "in/jo"),
        ("linkedin.com/in/jos%C3%A9", "in/josé"),
        ("linkedin.com/pub/jo-doe", "in/jo-doe"),
        ("linkedin.com/pub/jo-doe/1b/2a/456", "in/jo-doe-45602a1b"),
        (f"https://www.linkedin.com/sales/lead/{HASH},NAME_SEARCH,abcd", f"sales/lead/{HASH}"),
        (f"https://www.linkedin.com/sales/people/{HASH}", f"sales/lead/{HASH}"),
        (f"https://www.linkedin.com/in/{HASH}", f"sales/lead/{HASH}"),
        (f"urn:li:fs_salesProfile:({HASH},NAME_SEARCH,x)", f"sales/lead/{HASH}"),
    ],
)
def test_linkedin_person(text: str, key: str) -> None:
    assert canonical.linkedin_person(text) == f"linkedin.com/{key}"


@pytest.mark.parametrize(
    ("key", "page"),
    [
        ("linkedin.com/in/josé", "https://www.linkedin.com/in/jos%C3%A9"),
        ("linkedin.com/company/acme%20inc", "https://www.linkedin.com/company/acme%20inc"),
        (f"linkedin.com/sales/lead/{HASH}", f"https://www.linkedin.com/in/{HASH}"),
        (None, None),
    ],
)
def test_the_page_of_a_linkedin_key(key: str | None, page: str | None) -> None:
    assert canonical.linkedin_page(key) == page
    assert (canonical.linkedin_person(page) or canonical.linkedin_company(page)) == key


@pytest.mark.parametrize(
    "text",
    [
        "linkedin.com/pub/dir/jo/doe",
        "https://www.linkedin.com/pub/dir?first=jo",
        "linkedin.com/pub/dir/1/2/3",
        "https://linkedin.com/in/None",
        "linkedin.com/in/nan/",
    ],
)
def test_not_a_linkedin_person(text: str) -> None:
    assert canonical.linkedin_person(text) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Jo Doe <Jo.Doe@Acme.COM>", "jo.doe@acme.com"),
        ("mailto:jo@acme.com", "jo@acme.com"),
        ("p1@x.com, p2@y.com", "p1@x.com"),
        ("'o'brien@acme.com'", "o'brien@acme.com"),
        ("jo@münchen.de.", "jo@xn--mnchen-3ya.de"),
        ("jo@localhost", None),
        ("not an address", None),
        (f"{'a' * 254}@acme.com", f"{'a' * 254}@acme.com"),
        (f"{'a' * 255}@acme.com", None),
        ("n/a", None),
        ("email_not_unlocked@domain.com", None),
        ("mailto:Email_not_unlocked@Domain.com", None),
        ("jo@domain.com", "jo@domain.com"),
    ],
)
def test_email_address(text: str, address: str | None) -> None:
    assert canonical.email_address(text) == address


SINGLE = [
    canonical.clean_cell,
    canonical.registrable_domain,
    canonical.linkedin_company,
    canonical.linkedin_person,
    canonical.email_address,
    canonical.company_name_key,
    lambda text: canonical.person_name_key(None, None, text),
    without_legal_form,
]


@pytest.mark.parametrize("function", SINGLE)
@given(text=ANYTHING)
def test_idempotent(function, text: str) -> None:  # type: ignore[no-untyped-def]
    once = function(text)
    assert once is None or function(once) == once


@pytest.mark.parametrize("mark", UNSEEN, ids=ascii)
@pytest.mark.parametrize(
    ("function", "told", "key"),
    [
        (canonical.registrable_domain, "{}ac{}me.com{}", "acme.com"),
        (canonical.linkedin_company, "{}https://www.linkedin.com/company/ac{}me{}", "linkedin.com/company/acme"),
        (canonical.linkedin_person, "{}https://www.linkedin.com/in/an{}n{}", "linkedin.com/in/ann"),
        (canonical.email_address, "{}an{}n@acme.com{}", "ann@acme.com"),
        (canonical.company_name_key, "{}Ac{}me{} Ltd", "acme"),
        (lambda text: canonical.person_name_key(None, None, text), "{}Ann E{}x{}", "ann ex"),
    ],
)
def test_what_nobody_sees_makes_no_other_key(
    function: Callable[[str], str | None], told: str, key: str, mark: str
) -> None:
    assert function(told.replace("{}", mark)) == key


def test_a_slug_is_the_same_with_marks_that_are_escaped() -> None:
    assert canonical.linkedin_person("linkedin.com/in/%E2%80%8Eann%C2%AD") == "linkedin.com/in/ann"


STARTS = ["", "a", "a@", "acme ", "https://", "linkedin.com/in/", "linkedin.com/company/%", "https://google.com/url?q="]
REPEATED = [
    *(
        "a",
        "@",
        ".",
        "inc ",
        "www.",
        "/",
        "1",
        " ",
        "a\u0301",
        "\u0301\u0323",
        "[",
        "[]",
        "(a)",
        "25",
        "%25",
        "dr ",
        "'",
    ),
    *("http://", "a.", "a@", ",", "株式会社", "co kg ", "|", " | ", "-", "&"),
]


@pytest.mark.parametrize("repeated", REPEATED)
def test_a_text_of_any_length_costs_little(repeated: str) -> None:
    for start in STARTS:
        text = start + repeated * (200_000 // len(repeated)) + "!"
        for function in (*SINGLE, plain_words):
            before = time.process_time()
            function(text)
            assert time.process_time() - before < 1, (function, start)


@pytest.mark.parametrize(
    "function", [canonical.company_name_key, lambda text: canonical.person_name_key(None, None, text)]
)
@pytest.mark.parametrize("name", ["a " * 501, "ﷺ " * 300], ids=["as written", "as a key"])
def test_what_no_name_is_as_long_as_is_none(function: Callable[[str], str | None], name: str) -> None:
    assert function(name) is None


def test_a_number_too_long_to_write_out_is_no_text() -> None:
    assert canonical.clean_cell(10**4_299) is not None
    assert canonical.clean_cell(10**5_000) is None
    assert canonical.clean_cell(float("nan")) is None
    assert canonical.registrable_domain(-(10**5_000)) is None
