"""One English short name per country. Codes and names in other languages are known, the rest passes through."""

import re
from functools import lru_cache
from typing import Final

from services.projector.extractors.country_names import NAMES
from shared.legal_forms import plain_words
from shared.values import text

_NAMES = """AE United Arab Emirates|AR Argentina|AT Austria|AU Australia|BD Bangladesh|BE Belgium|BG Bulgaria
BR Brazil|CA Canada|CH Switzerland|CL Chile|CN China|CO Colombia|CR Costa Rica|CY Cyprus|CZ Czechia
DE Germany|DK Denmark|EE Estonia|EG Egypt|ES Spain|FI Finland|FR France|GB United Kingdom|GR Greece
HK Hong Kong|HR Croatia|HU Hungary|ID Indonesia|IE Ireland|IL Israel|IN India|IS Iceland|IT Italy|JP Japan
KE Kenya|KR South Korea|LT Lithuania|LU Luxembourg|LV Latvia|MA Morocco|MT Malta|MX Mexico|MY Malaysia
NG Nigeria|NL Netherlands|NO Norway|NZ New Zealand|PE Peru|PH Philippines|PK Pakistan|PL Poland|PT Portugal
RO Romania|RS Serbia|SA Saudi Arabia|SE Sweden|SG Singapore|SI Slovenia|SK Slovakia|TH Thailand|TN Tunisia
TR Türkiye|TW Taiwan|UA Ukraine|US United States|UY Uruguay|VN Vietnam|ZA South Africa
AD Andorra|AF Afghanistan|AG Antigua and Barbuda|AL Albania|AM Armenia|AO Angola|AZ Azerbaijan|BA Bosnia and Herzegovina
BB Barbados|BF Burkina Faso|BH Bahrain|BI Burundi|BJ Benin|BM Bermuda|BN Brunei|BO Bolivia|BS Bahamas|BT Bhutan
BW Botswana|BY Belarus|BZ Belize|CD Democratic Republic of the Congo|CF Central African Republic|CG Congo
CI Côte d'Ivoire|CM Cameroon|CU Cuba|CV Cape Verde|CW Curaçao|DJ Djibouti|DM Dominica|DO Dominican Republic|DZ Algeria
EC Ecuador|ER Eritrea|ET Ethiopia|FJ Fiji|FO Faroe Islands|GA Gabon|GD Grenada|GE Georgia|GG Guernsey|GH Ghana
GI Gibraltar|GL Greenland|GM Gambia|GN Guinea|GQ Equatorial Guinea|GT Guatemala|GY Guyana|HN Honduras|HT Haiti
IM Isle of Man|IQ Iraq|IR Iran|JE Jersey|JM Jamaica|JO Jordan|KG Kyrgyzstan|KH Cambodia|KW Kuwait|KY Cayman Islands
KZ Kazakhstan|LA Laos|LB Lebanon|LC Saint Lucia|LI Liechtenstein|LK Sri Lanka|LR Liberia|LS Lesotho|LY Libya|MC Monaco
MD Moldova|ME Montenegro|MG Madagascar|MK North Macedonia|ML Mali|MM Myanmar|MN Mongolia|MO Macao|MR Mauritania
MU Mauritius|MV Maldives|MW Malawi|MZ Mozambique|NA Namibia|NE Niger|NI Nicaragua|NP Nepal|OM Oman|PA Panama
PG Papua New Guinea|PR Puerto Rico|PS Palestine|PY Paraguay|QA Qatar|RU Russia|RW Rwanda|SC Seychelles|SD Sudan
SL Sierra Leone|SM San Marino|SN Senegal|SO Somalia|SR Suriname|SS South Sudan|SV El Salvador|SY Syria|SZ Eswatini
TD Chad|TG Togo|TJ Tajikistan|TM Turkmenistan|TT Trinidad and Tobago|TZ Tanzania|UG Uganda|UZ Uzbekistan|VE Venezuela
VG British Virgin Islands|XK Kosovo|YE Yemen|ZM Zambia|ZW Zimbabwe"""
_OTHER = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB",
    "usa": "US", "united states of america": "US", "the netherlands": "NL", "holland": "NL", "czech republic": "CZ",
    "republic of korea": "KR", "korea republic of": "KR", "korea": "KR", "turkey": "TR", "uae": "AE", "viet nam": "VN",
    "russian federation": "RU", "hong kong sar": "HK", "hong kong sar china": "HK", "ivory coast": "CI",
    "republic of ireland": "IE", "prc": "CN", "peoples republic of china": "CN", "macedonia": "MK", "swaziland": "SZ",
    "burma": "MM", "polska": "PL", "danmark": "DK", "sverige": "SE", "norge": "NO", "suomi": "FI",
    "gbr": "GB", "deu": "DE", "fra": "FR", "esp": "ES", "ita": "IT", "nld": "NL", "che": "CH", "aut": "AT", "can": "CA",
    "aus": "AU", "ind": "IN", "bra": "BR", "mex": "MX", "jpn": "JP", "chn": "CN", "swe": "SE",
}  # fmt: skip
# As ISO 3166 has them with three letters, beside those above; a town or a province may be short for the same.
_THREE = """AE ARE AF AFG AL ALB AO AGO AR ARG AM ARM AZ AZE BD BGD BE BEL BG BGR BH BHR BA BIH BY BLR BO BOL BW BWA
CL CHL CI CIV CM CMR CO COL CR CRI CU CUB CY CYP CZ CZE DK DNK DO DOM DZ DZA EC ECU EG EGY EE EST ET ETH FI FIN
GE GEO GH GHA GR GRC GT GTM HK HKG HN HND HR HRV HT HTI HU HUN ID IDN IE IRL IQ IRQ IS ISL IL ISR JM JAM JO JOR
KZ KAZ KE KEN KG KGZ KH KHM KR KOR KW KWT LB LBN LK LKA LT LTU LU LUX LV LVA MO MAC MA MAR MC MCO MD MDA MK MKD
MT MLT MM MMR ME MNE MN MNG MU MUS MY MYS NG NGA NI NIC NO NOR NP NPL NZ NZL OM OMN PK PAK PA PAN PE PER PH PHL
PL POL PR PRI PT PRT PY PRY QA QAT RO ROU RU RUS RW RWA SA SAU SN SEN SG SGP SV SLV RS SRB SK SVK SI SVN TH THA
TN TUN TR TUR TW TWN TZ TZA UG UGA UA UKR UY URY UZ UZB VE VEN VN VNM ZA ZAF ZM ZMB ZW ZWE"""
_BY_CODE: Final = dict(line.split(" ", 1) for line in _NAMES.replace("\n", "|").split("|"))
_FOREIGN = ((name, code) for code, names in NAMES.items() for name in names)
_KNOWN: Final = {
    **{code.lower(): name for code, name in _BY_CODE.items()},
    **{plain_words(name): name for name in _BY_CODE.values()},
    **{plain_words(spelling): _BY_CODE[code] for spelling, code in (*_OTHER.items(), *_FOREIGN)},
}
_TWO_AND_THREE = _THREE.split()
_LONG_CODES: Final = {
    three.lower(): _BY_CODE[two] for two, three in zip(_TWO_AND_THREE[::2], _TWO_AND_THREE[1::2], strict=True)
}
_NAMED: Final = frozenset(_BY_CODE.values())
_PLACES_TOO: Final = frozenset({
    "georgia", "jersey", "jordan", "lebanon", "grenada", "wales", "macedonia", "che", "georgie", "granada", "grenade",
    "salvador", "chili", "maurice", "mauricio", "libano", "palestina", "santa lucia", "st lucia",
})  # fmt: skip
_NO_STATES: Final = frozenset({"us", "uk", "gb"})
_NATIONS: Final = frozenset({"england", "scotland", "wales", "northern ireland"})
_CITIES: Final = frozenset({"Singapore", "Hong Kong", "Luxembourg", "Monaco", "Macao", "Gibraltar", "Djibouti"})


def country(value: object) -> str | None:
    """The English short name: "US", "usa", "The United States (US)" and {"name": "USA"} are all "United States"."""
    if isinstance(value, dict):
        value = text(value.get("name")) or value.get("code")
    written = text(value)
    if not written:
        return None
    name = _name(written)
    return _KNOWN.get(name) or _LONG_CODES.get(name, written)


def is_country(written: str) -> bool:
    """Whether this can only be a country: "CA" and "Georgia" are states here, and "Lebanon" is many a town."""
    name = _name(written)
    return (len(name) > 2 or name in _NO_STATES) and name in _KNOWN and name not in _PLACES_TOO


def is_nation(written: str) -> bool:
    """Whether this is a part of the United Kingdom that stands where others have a state."""
    return written.lower() in _NATIONS


def is_city(written: str) -> bool:
    """Whether a country is one city, or has a city of its name that people mean as often."""
    return len(written) > 3 and country(written) in _CITIES


@lru_cache(maxsize=16_384)
def _name(written: str) -> str:
    """A country's name or code, without accents and dots: "The United States (US)" is "united states"."""
    return plain_words(re.sub(r"^the (?=[^(]{4})|\s?\([a-z]{2,3}\)$", "", written.lower()))


def are_two(one: object, other: object) -> bool:
    """Whether these are two countries: of a text that is none nothing is said."""
    told = {country(one), country(other)}
    return len(told) == 2 and told <= _NAMED
