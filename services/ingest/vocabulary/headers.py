"""How a header is read: its letters and digits, and whose attribute it says it is.

`Company LinkedIn URL`, `companyLinkedinUrl`, `LinkedIn URL (company)`, `Organization - LinkedIn` and `URL de LinkedIn
de la empresa` all say: the LinkedIn URL of a company.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

_PEOPLE: Final = """
    person | people | persons | contact | contacts | lead | leads | prospect | member | profile | individual
    attendee | registrant | participant | delegate | speaker | invitee | candidate
    persona | personas | contacto | contactos | personne | contatto | contatti | contato | contatos | pessoa
    kontakt | kontakte | ansprechpartner | persoon | contactpersoon
"""
_COMPANIES: Final = """
    company | companies | account | accounts | organization | organizations | organisation | organisations | org
    business | employer | current employer | firm | current company | employer company
    empresa | compania | organizacion | cuenta | entreprise | societe | organisme | compte | firma | firmen
    unternehmen | unternehmens | companhia | organizacao | azienda | societa | organizzazione
    bedrijf | bedrijfs | organisatie | linkedin company | primary company | hq | headquarters
"""
_OF_PEOPLE: Final = """
    user profile | person | profile | contact | de correspondencia | para correspondencia
    de correspondance | di corrispondenza | de correo postal | de correo | du contact | contatto
    der person | contactpersoon
"""
_AT_PEOPLE: Final = """
    mailing address | postanschrift | adresse postale | direccion postal | direccion de correo | indirizzo postale
    indirizzo di corrispondenza | endereco postal | endereco de correspondencia | postadres | verzendadres
"""
_OF_COMPANIES: Final = """
    company | account | organization | organisation | employer | of company | of the company
    de la empresa | de empresa | empresa | de la organizacion | de la cuenta | de l'entreprise | de la societe
    de l'organisation | entreprise | societe | du compte | des unternehmens | der firma | der organisation
    unternehmen | firma | da empresa | da organizacao | dell'azienda | della societa | dell'organizzazione | azienda
    organizzazione | van het bedrijf | bedrijf | van de organisatie | de facturacion | de facturation
    di fatturazione | de cobranca | para cobranca | de faturamento | uff | ufficio
"""
_AT_COMPANIES: Final = """
    billing address | rechnungsanschrift | rechnungsadresse | adresse de facturation | direccion de facturacion
    indirizzo di fatturazione | endereco de cobranca | endereco de faturamento | factuuradres
"""
# Nobody's by itself: `Address 1 - City`, `Adresse - Ville`, `Indirizzo posta elettronica`.
_ADDRESSES: Final = "address | adresse | direccion | indirizzo | endereco | adres"
_OF_ADDRESSES: Final = "of address | der adresse"
_NAMES: Final = frozenset(("name", "nombre", "nom", "nome", "naam"))  # of the address: Dynamics' `Address 1: Name`
_SALESFORCE_CUSTOM: Final = re.compile(r"__[cr]$", re.I)
_FIRST: Final = re.compile(r"(?<!\d)1(?!\d)")
_VALUE: Final = re.compile(r"(?:value|wert|valor|valeur|valore|waarde)$")  # `E-Mail 1 – Wert`
# What a template says to those who fill it in: `Email (required)`, `Job Title (e.g. CEO)`.
_NOTE: Final = re.compile(
    r"(?<=\S)\s*[(\[](?:(?:not |if )?(?:required|mandatory|optional|recommended|known|available|any|applicable)"
    r"|e\.?\s?g\.?[\s,:][^)\]]*|pflichtfeld|pflicht|obligatoire|facultatif|optionnel|obligatori[oa]|opcional"
    r"|obbligatori[oa]|facoltativ[oa]|opzionale|verplicht|optioneel)[)\]]\s*$",
    re.I,
)
_MARKS: Final = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a header: the key of what it names, whose that is, and how far it is from the header."""

    key: str
    owner: Literal["person", "company", None]
    distance: int


@lru_cache(maxsize=65_536)
def header_key(header: str) -> str:
    """What is compared of a header: its letters and digits, whatever their case, accents, width or Unicode form."""
    named = _NOTE.sub("", _SALESFORCE_CUSTOM.sub("", header.strip()))
    folded = unicodedata.normalize("NFKD", named).casefold()
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", folded))
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", bare))


def readings(header: str) -> Iterator[Reading]:
    """The ways to read a header, the most literal first."""
    for distance, key in enumerate(_literal(header_key(header))):
        yield Reading(key, None, 2 * distance)
        for words, owner in ((_PERSON_WORDS, "person"), (_COMPANY_WORDS, "company")):
            for rest in _without(key, *words):
                yield Reading(rest, owner, 2 * distance + 1)  # type: ignore[arg-type]
                if owner == "person":  # `Person Company Website` is the company's
                    yield from (Reading(of, "company", 2 * distance + 2) for of in _without(rest, *_COMPANY_WORDS))


def _literal(whole: str) -> list[str]:
    """The key, and what it comes to without what says nothing: a number, the same words again, an address's word."""
    keys = [whole]
    if "1" in whole:  # `E-mail 1 - Value`, `Phone 1`, `Organization 1 - Name`: the first of several
        keys.append(_VALUE.sub("", _FIRST.sub("", whole)))
    if (half := whole[: len(whole) // 2]) and 2 * half == whole:  # Salesforce: `Account Name: Account Name`
        keys.append(half)
    return keys + [rest for key in keys for rest in _without(key, *_ADDRESS_WORDS) if rest not in _NAMES]


def _without(key: str, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[str]:
    for word in before:
        if key.startswith(word) and key != word:
            yield key[len(word) :]
    for word in after:
        if key.endswith(word) and key != word:
            yield key[: -len(word)]


def _keys(words: str) -> tuple[str, ...]:
    found = {header_key(word) for line in words.splitlines() for word in line.split("|") if word.strip()}
    return tuple(sorted(found, key=lambda key: (-len(key), key)))


_PERSON_WORDS: Final = (_keys(_PEOPLE + _AT_PEOPLE), _keys(_OF_PEOPLE + _AT_PEOPLE))
_COMPANY_WORDS: Final = (_keys(_COMPANIES + _AT_COMPANIES), _keys(_OF_COMPANIES + _AT_COMPANIES))
_ADDRESS_WORDS: Final = (_keys(_ADDRESSES), _keys(_OF_ADDRESSES))
