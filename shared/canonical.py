"""One spelling for each thing that is compared: domains, LinkedIn pages, addresses, names, cells.

Every function is pure and idempotent, takes any value, never raises, and answers None when nothing is
usable.
What they return are keys, for comparing; `linkedin_page` makes a link of a LinkedIn key.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

import idna

from shared.known_hosts import BUILDER_HOSTS, NOBODY_S, PAGE_HOSTS, PRIVATE_USE_SUFFIXES, is_mailbox_domain, is_page
from shared.legal_forms import plain_words, without_article, without_legal_form
from shared.placeholder_names import LOCKED_ADDRESSES, PLACEHOLDERS
from shared.public_suffixes import domain_of
from shared.redirects import unwrapped

_CACHE: Final = 65_536
_EDGES: Final = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200c\u200d"
# Marks of direction, soft hyphens and other characters that nobody sees; joiners stay within words and emoji.
_UNSEEN: Final = "\0\xad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_GAPS: Final = dict.fromkeys(map(ord, "\xa0\u2007\u202f"), " ") | dict.fromkeys(
    (*map(ord, _UNSEEN), *range(0xD800, 0xE000)), None
)
_GUARD: Final = re.compile(r"^(?:'\s*)+(?=[=+@-]|[\d(][\d\s().-]{6,}$)")
_FORMULA_OF_TEXT: Final = re.compile(r'^="([^"]*)"$')
_EMPTY: Final = (
    r"- -- \N nan NaN null NULL none None NONE n/a N/A N/a n/A #n/a #N/A #N/a #n/A n.a. N.A. k.A. undefined – — ―"
)
_ERRORS: Final = "#REF! #NAME? #VALUE! #DIV/0! #NUM! #NULL! #ERROR! #SPILL! #CALC! #GETTING_DATA"
_NOTHING: Final = frozenset(("", *_EMPTY.split(), *_ERRORS.split(), *LOCKED_ADDRESSES))

_SCHEMES: Final = re.compile(r"^(?:(?:[a-z][a-z0-9+.-]*:)?//+|https?(?::/*|//+)|mailto:)+")
_AFTER_HOST: Final = re.compile(r":\d*(?:[/?#]|$)|[/?#\s,;<>\"|]")
_PATH: Final = re.compile(r"(?::\d*)?/+([^?#\s,;<>\"|]*)")
_HOST: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")

_LINKEDIN: Final = r"^(?:[a-z]+:/*)*(?:[\w-]+\.)*linkedin\.com/+(?:mwlite/+|m/+|comm/+)?(?:organization-guest/+)?"
_SLUG: Final = r"([^/?#\s,;\"<>]+)"
_COMPANY: Final = re.compile(_LINKEDIN + r"(sales/+company|company(?:-beta)?|school|showcase)/+" + _SLUG, re.I)
_COMPANY_URN: Final = re.compile(r"^urn:li:(?:\w*company|organization):(\d+)$", re.I)
_PUBLIC: Final = r"pub(?!/+dir(?:[/?#\s]|$))"  # `pub/dir/jo/doe` lists everybody of that name
_PERSON: Final = re.compile(_LINKEDIN + f"(?:in|{_PUBLIC})/+" + _SLUG, re.I)
_OLD_PERSON: Final = re.compile(_LINKEDIN + _PUBLIC + "/+" + _SLUG + r"/([0-9a-z]{1,3})" * 3 + r"(?![^/?#\s])", re.I)
_SALES_LEAD: Final = re.compile(_LINKEDIN + r"sales/+(?:lead|people)/+([\w-]+)", re.I)
_PERSON_URN: Final = re.compile(r"^urn:li:fs_salesProfile:\(?([\w-]+)", re.I)
_HASHED: Final = re.compile(r"AC[a-z]AA[\w-]{8,}")
_UNSAFE: Final = re.compile(r"[\s/?#%,;\"<>]")
_IN_PATHS: Final = "/%&'()*+!$@=:~"
_NO_SLUG: Final = frozenset(("unavailable", "undefined", "null", "none", "nan"))
_ADDRESS: Final = re.compile(  # only from the first character that can be of one: else a long word takes long
    r"(?<![^\s@<>()\[\],;:\"])([^\s@<>()\[\],;:\"]{1,254})@([^\s@<>()\[\],;:\"'/]{1,254})"
)
# What stands further on in a text says nothing, and what is longer is no slug and no name: any text costs little.
_LONGEST: Final = 8_000
_LONGEST_SLUG: Final = 1_000
_LONGEST_NAME: Final = 1_000
_ASIDE: Final = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])\s*$")
_TAGLINE: Final = re.compile(r"\s*\|\s.*$", re.S)
_TITLES: Final = frozenset(("dr", "mr", "mrs", "ms", "miss", "prof", "sir"))
_CREDENTIALS: Final = frozenset(
    ("phd", "mba", "md", "jr", "sr", "ii", "iii", "iv", "cpa", "cfa", "esq", "pmp", "rn", "jd")
)


def clean_cell(value: object) -> str | None:
    """The text of a cell: nothing unseen, no edges of white space, no guard (`'+1 303`, `="0049"`), no `null`.

    "Null" with one capital stays: it is a surname.
    """
    if not isinstance(value, str):
        return None if isinstance(value, bool) or not isinstance(value, int | float) else _number(value)
    if value.isalnum():
        return None if value in _NOTHING else value
    text = value.strip() if value.isascii() and "\0" not in value else value.translate(_GAPS).strip(_EDGES)
    if text.startswith(("'", "=")):
        text = _unguarded(text)
    return None if text.strip("\"' \t") in _NOTHING else text


def _unguarded(text: str) -> str:
    while (bare := _FORMULA_OF_TEXT.sub(r"\1", _GUARD.sub("", text)).strip(_EDGES)) != text:
        text = bare
    return text


def registrable_domain(value: object) -> str | None:
    """The domain somebody registered, in lower-case punycode, of a URL, host or e-mail-like text.

    None for addresses without a domain, and for pages on networks and link lists, which name no company.
    """
    text = _link(value)
    return _registrable(text) if text else None


def is_free_mail(domain: str | None) -> bool:
    """Whether anybody can have a mailbox at this domain, so that it says nothing about an employer."""
    found = registrable_domain(domain)
    return found is not None and is_mailbox_domain(found)


def company_domain(value: object) -> str | None:
    """The registrable domain of a company's own: one where anybody can have a mailbox is nobody's."""
    found = registrable_domain(value)
    return None if found is None or is_mailbox_domain(found) else found


def linkedin_company(value: object) -> str | None:
    """`linkedin.com/company/slug` (or `school`, `showcase`); a numeric id is a slug too."""
    text = unwrapped(_link(value))
    if urn := _COMPANY_URN.match(text):
        return f"linkedin.com/company/{urn[1]}"
    found = _COMPANY.match(text)
    slug = _slug(found[2]) if found else ""
    if not found or not slug:
        return None
    kind = found[1].lower()
    return f"linkedin.com/{kind if kind in ('school', 'showcase') else 'company'}/{slug}"


def linkedin_page(key: str | None) -> str | None:
    """The link to the page of a LinkedIn key, in ASCII; of a hash, to the page that opens without Sales Navigator."""
    if key is None:
        return None
    public = key.replace("/sales/lead/", "/in/")
    return "https://www." + quote(public if key in (public, linkedin_person(public)) else key, safe=_IN_PATHS)


def linkedin_person(value: object) -> str | None:
    """`linkedin.com/in/slug`, or `linkedin.com/sales/lead/<hash>` with the hash as it is written."""
    text = unwrapped(_link(value))
    if lead := _SALES_LEAD.match(text) or _PERSON_URN.match(text):
        return f"linkedin.com/sales/lead/{lead[1]}"
    if old := _OLD_PERSON.match(text):
        slug = _slug(f"{old[1]}-{old[4]}{old[3]:0>3}{old[2]:0>2}")
        return f"linkedin.com/in/{slug}"
    found = _PERSON.match(text)
    if found and _HASHED.fullmatch(found[1]):
        return f"linkedin.com/sales/lead/{found[1]}"
    slug = _slug(found[1]) if found else ""
    return f"linkedin.com/in/{slug}" if slug else None


def email_address(value: object) -> str | None:
    """The first address in the text, in lower case, its domain in punycode; None for one that stands for all others."""
    written = _ADDRESS.search(clean_cell(value) or "")
    found = _ADDRESS.search(_fold(written[0])) if written else None
    if not found:
        return None
    local, host = found[1].strip("'" + _EDGES), _host(found[2])
    address = f"{local}@{host}" if local and host else None
    return None if address in LOCKED_ADDRESSES else address


def company_name_key(value: object) -> str | None:
    """A weak key: two companies may share it.

    Accents, case, punctuation, legal forms, "The" before it, and what stands in brackets or after a bar at its end are
    left out. None for what names no employer: "Self-employed".
    """
    text = clean_cell(value)
    return _company_key(text[:_LONGEST]) if text and not names_no_company(text) else None


def names_no_company(value: object) -> bool:
    """Whether this stands where an employer's name belongs and is none: "Self-employed", "Stealth Startup (remote)"."""
    text = clean_cell(value)
    return text is not None and _is_placeholder(text[:_LONGEST])


def person_name_key(first: object, last: object, full: object = None) -> str | None:
    """A weak key, first name first. None for a first name alone: it names nobody."""
    first, last = clean_cell(first), clean_cell(last)
    words = plain_words(f"{first} {last}" if first and last else clean_cell(full) or "").split()
    while len(words) > 2 and words[0] in _TITLES:
        del words[0]
    while len(words) > 2 and words[-1] in _CREDENTIALS:
        del words[-1]
    key = " ".join(words)
    return key if len(key) <= _LONGEST_NAME and (len(words) > 1 or not key.isascii()) else None


def _link(value: object) -> str:
    return (clean_cell(value) or "")[:_LONGEST]


def _number(value: float) -> str | None:
    try:
        text = str(value)
    except ValueError:  # an integer of more digits than Python writes out
        return None
    return None if text in _NOTHING else text


@lru_cache(maxsize=_CACHE)
def _is_placeholder(name: str) -> bool:
    return plain_words(_without_asides(name)) in PLACEHOLDERS


@lru_cache(maxsize=_CACHE)
def _company_key(name: str) -> str | None:
    name = _without_asides(name)
    bare = _bare_words(name) or plain_words(name)
    while (shorter := _bare_words(bare)) != bare:
        bare = shorter
    return bare if 0 < len(bare) <= _LONGEST_NAME else None


def _bare_words(name: str) -> str:
    return without_article(plain_words(without_legal_form(name, loose=True)))


def _without_asides(name: str) -> str:
    """`name` without what stands in brackets at its end (`Lake (LAK3)`) and without its tagline (`Lake | Water`)."""
    if len(name) > _LONGEST_NAME:
        return name
    bare = _TAGLINE.sub("", name)
    while (shorter := _ASIDE.sub("", bare)) != bare:
        bare = shorter
    return bare if plain_words(bare) else name


@lru_cache(maxsize=_CACHE)
def _registrable(text: str) -> str | None:
    link = unwrapped(text)
    host = _host(link)
    if not host or _parents(host) & PAGE_HOSTS or host.rpartition(".")[2] in PRIVATE_USE_SUFFIXES:
        return None
    host = host.removeprefix("www.")
    builder = max((_parents(host) & BUILDER_HOSTS) - {host}, key=len, default="")
    if host.removesuffix(f".{builder}") in NOBODY_S:
        builder = ""
    if not builder and is_page(_parents(host), _path(link)):
        return None
    found, known = domain_of(host)
    if builder and builder.endswith(found):
        found = ".".join(host.split(".")[-builder.count(".") - 2 :])
    elif not known:  # `.example`, and suffixes younger than the list
        found = ".".join(host.split(".")[-2:])
    return found if "." in found and not found.startswith("www.") else None


@lru_cache(maxsize=_CACHE)
def _host(text: str) -> str | None:
    host = _AFTER_HOST.split(_without_scheme(text), maxsplit=1)[0].rpartition("@")[2].strip("()[]'.")
    if not host.isascii():
        try:
            host = idna.encode(host[:253], uts46=True).decode("ascii")
        except UnicodeError:
            return None
    return host if len(host) <= 253 and _HOST.fullmatch(host) else None


def _path(link: str) -> str:
    address = _without_scheme(link)
    end = _AFTER_HOST.search(address)
    found = _PATH.match(address, end.start()) if end else None
    return found[1] if found else ""


def _without_scheme(text: str) -> str:
    return _SCHEMES.sub("", _fold(text).replace("\\", "/").lstrip("\"'<([ "), count=1)


def _parents(host: str) -> set[str]:
    labels = host.split(".")
    return {".".join(labels[start:]) for start in range(len(labels))}


def _slug(raw: str) -> str:
    text = raw[: _LONGEST_SLUG + 1]
    while "%" in text and (decoded := _unquoted(text)) != text:
        text = decoded
    text = _fold(text.translate(_GAPS)).strip(_EDGES)
    return "" if text in _NO_SLUG or len(raw) > _LONGEST_SLUG else _UNSAFE.sub(lambda found: quote(found[0]), text)


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return unquote(text, encoding="latin-1")


def _fold(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
