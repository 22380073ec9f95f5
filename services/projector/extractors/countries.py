"""One English short name per country. Codes and other spellings are known, the rest passes through."""

from typing import Final

from services.projector.extractors.values import text

_NAMES = """AE United Arab Emirates|AR Argentina|AT Austria|AU Australia|BD Bangladesh|BE Belgium|BG Bulgaria
BR Brazil|CA Canada|CH Switzerland|CL Chile|CN China|CO Colombia|CR Costa Rica|CY Cyprus|CZ Czechia
DE Germany|DK Denmark|EE Estonia|EG Egypt|ES Spain|FI Finland|FR France|GB United Kingdom|GR Greece
HK Hong Kong|HR Croatia|HU Hungary|ID Indonesia|IE Ireland|IL Israel|IN India|IS Iceland|IT Italy|JP Japan
KE Kenya|KR South Korea|LT Lithuania|LU Luxembourg|LV Latvia|MA Morocco|MT Malta|MX Mexico|MY Malaysia
NG Nigeria|NL Netherlands|NO Norway|NZ New Zealand|PE Peru|PH Philippines|PK Pakistan|PL Poland|PT Portugal
RO Romania|RS Serbia|SA Saudi Arabia|SE Sweden|SG Singapore|SI Slovenia|SK Slovakia|TH Thailand|TN Tunisia
TR Türkiye|TW Taiwan|UA Ukraine|US United States|UY Uruguay|VN Vietnam|ZA South Africa"""
_OTHER = {
    "uk": "GB", "u.k.": "GB", "great britain": "GB", "england": "GB",
    "usa": "US", "u.s.": "US", "u.s.a.": "US", "united states of america": "US",
    "czech republic": "CZ", "the netherlands": "NL", "holland": "NL", "republic of korea": "KR",
    "turkey": "TR", "uae": "AE", "viet nam": "VN", "deutschland": "DE", "brasil": "BR", "españa": "ES",
}  # fmt: skip
_BY_CODE: Final = dict(line.split(" ", 1) for line in _NAMES.replace("\n", "|").split("|"))
_KNOWN: Final = {
    **{code.lower(): name for code, name in _BY_CODE.items()},
    **{name.lower(): name for name in _BY_CODE.values()},
    **{spelling: _BY_CODE[code] for spelling, code in _OTHER.items()},
}


def country(value: object) -> str | None:
    """The English short name: "US", "usa" and "United States" are all "United States"."""
    written = text(value)
    return _KNOWN.get(written.lower(), written) if written else None


def is_country(written: str) -> bool:
    """Whether this is a country's name or spelling, and no two-letter code: "CA" is a state here."""
    return len(written) > 2 and written.lower() in _KNOWN
