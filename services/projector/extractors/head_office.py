"""Where a company's head office is: out of its locations, of what is told part by part, or of an address in a text."""

import re
from typing import Any, Final

from services.projector.extractors.countries import are_two, country, is_city, is_country, is_nation
from shared.enrichment import objects, respelled
from shared.values import flag, text

_PLACES: Final = ("location", "hq", "headquarters", "headquarter", "geo", "address", "company_location")
_MANNERS: Final = (
    (("city", "locality"), ("state", "region", "geographic_area"), ("country",)),
    *(((f"{of}_city",), (f"{of}_state",), (f"{of}_country",)) for of in ("company", "hq", "headquarters")),
)
_HEAD_OFFICE: Final = ("is_primary", "is_hq", "headquarter")
_LONGEST_PLACE: Final = 200
_STREET: Final = re.compile(r"\d{1,3}\w? ", re.ASCII)
_POSTCODE: Final = re.compile(
    r"^(?:[A-Z]{1,2}-)?(?:\d{4} [A-Z]{2}|\d{4,5}|\d{3} \d{2}|\d{2}-\d{3}) +(?=[^\W\d])"
    r"|(?:^| )(?:\d{4} [A-Z]{2}|[A-Z]{0,2}\d[\dA-Z]*(?:[ -]\d[\dA-Z]*)?)$",
)
_HOUSE: Final = re.compile(r" \d{1,3}[A-Z]?(?:-\d{1,3})?", re.ASCII)
_NUMBER_FIRST: Final = frozenset(map(country, ("US", "CA", "GB", "IE", "AU", "NZ", "IN")))  # "1200 Main Street"


def head_office(found: dict[str, Any]) -> dict[str, Any]:
    """`locality`, `admin_district` and `country_region` or `country_iso` of the head office, as far as they are told.

    City and state come from one source, never from two that may disagree, nor from one with another country than the
    answer's.
    """
    land = found.get("country") or found.get("company_country")
    place = _told(found, country(land))
    return {} if are_two(land, place.get("country_region") or place.get("country_iso")) else place


def _told(found: dict[str, Any], land: str | None) -> dict[str, Any]:
    primary = _primary(found.get("locations"), land)
    if text(primary.get("locality")):
        return primary
    stated = _stated_in(found, land)
    return _within(found) or (stated if stated["locality"] else primary or _beside(found) or stated)


def _primary(locations: object, land: str | None) -> dict[str, Any]:
    """The inferred location of the head office, which is not always the first place, or of the only one."""
    known = objects(locations)
    for place in known:
        told = [place[name] for name in _HEAD_OFFICE if name in place]
        if any(map(flag, told)) or (not told and len(known) == 1):
            inferred = next(iter(objects(place.get("inferred_location"))), None)
            return _beside(place) or _stated_in(place, land) if inferred is None else inferred
    return {}


def _within(found: dict[str, Any]) -> dict[str, Any]:
    """City, state and country out of an object that holds nothing else."""
    told = (found[name] for name in _PLACES if isinstance(found.get(name), dict | str))
    inner = (_beside(respelled(place)) for each in told for place in objects(each))
    return next(filter(None, inner), {})


def _beside(told: dict[str, Any]) -> dict[str, Any]:
    """City, state and country where they are told one by one, all in the same manner."""
    for parts in _MANNERS:
        city, state, land = (next(filter(text, map(told.get, names)), None) for names in parts)
        if city:
            return {"locality": city, "admin_district": state, "country_region": land}
    return {}


def _stated_in(found: dict[str, Any], land: str | None) -> dict[str, str | None]:
    told = (text(found.get(name)) for name in ("locality", *_PLACES))
    return _stated(next((place for place in told if place and len(place) < _LONGEST_PLACE), ""), land)


def _stated(place: str, land: str | None) -> dict[str, str | None]:
    """The parts of "San Francisco, CA, United States"; a country is neither a city nor a state, but for a few.

    `land`: the country that is told besides; what says the same at the end, such as "DE", is no state.
    """
    parts = [part.strip() for part in place.split(",")]
    last = _POSTCODE.sub("", parts[-1]).strip()
    known = last if is_country(last) or (land and country(last) == land) else None
    left = _without_streets(parts, country(known) or land)
    if known and left[-1:] == [known] and not is_nation(known) and (left[1:] or not is_city(known)):
        del left[-1]
    city, state = [*left, "", ""][:2]
    return {
        "locality": None if is_country(city) and not is_city(city) else city or None,
        "admin_district": None if is_country(state) and not is_nation(state) else state or None,
        "country_region": known,
    }


def _without_streets(parts: list[str], land: str | None) -> list[str]:
    """The parts of an address but for its street, without the postcode."""
    numbered = [part for part in parts if any(map(str.isdecimal, part))]
    streets = set(numbered[:-1]) | {part for part in numbered[-1:] if len(parts) > 1 and _is_street(part, parts, land)}
    return list(filter(None, (_POSTCODE.sub("", part).strip() for part in parts if part not in streets)))


def _is_street(part: str, parts: list[str], land: str | None) -> bool:
    """Whether the last part with a number is the street: "Hauptstr. 1", and not "75008 Paris" or "Tokyo 100-0005"."""
    code = _POSTCODE.search(part)
    if code and code.start() == 0:
        return land in _NUMBER_FIRST
    if part is parts[0] and len(parts) > 2:
        return code is None or _HOUSE.fullmatch(code[0]) is not None
    return _STREET.match(part) is not None
