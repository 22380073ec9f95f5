"""Which company or person an item is about. Pure; the same fields always give the same id.

Within a client, companies are the same when their registrable domain is; failing a domain, their LinkedIn page;
failing both, their normalised name (a weak match). People: LinkedIn profile, then e-mail, then name and company. An
e-mail's domain is never taken for the company's.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from shared.canonical import (
    company_domain,
    company_name_key,
    email_address,
    linkedin_company,
    linkedin_person,
    names_no_company,
    person_name_key,
)
from shared.events import Scope
from shared.ids import kind_of_id, named_id
from shared.record import record

_WANTED: Final = {
    "company": "a company domain, a company LinkedIn URL or a company name",
    "person": "a LinkedIn profile, an e-mail or a name with a company",
    "item": "",
}
# What `_company` and `_person` look at.
_TOLD_BY: Final = frozenset({
    "company_domain", "company_website", "company_linkedin_url", "company_name",
    "person_linkedin_url", "email", "first_name", "last_name", "full_name",
})  # fmt: skip


@record
class Entity:
    """What is paid for once: its id within the client, and the evidence for it."""

    entity_id: str
    key: str
    basis: str


def scope_of(entity_id: str) -> Scope:
    """Whether it is a company or a person, or an item that stands for itself."""
    kind = kind_of_id(entity_id)
    return "company" if kind == "company" else "person" if kind == "person" else "item"


def resolve(scope: Scope, client_id: str, item_id: str, fields: Mapping[str, Any]) -> Entity | None:
    """The entity of an item's fields; None where nothing identifies one."""
    if scope == "item":
        return Entity(item_id, item_id, "item")
    return next(candidates(scope, client_id, fields), None)


def is_told_by(fields: Mapping[str, Any], name: str) -> bool:
    """Whether the company or the person of these fields would be another, or none, without the field `name`."""
    if name not in _TOLD_BY:
        return False
    others = {other: value for other, value in fields.items() if other != name}
    scopes: tuple[Scope, ...] = ("company", "person")
    return any(resolve(scope, "", "", fields) != resolve(scope, "", "", others) for scope in scopes)


def names_none(scope: Scope, fields: Mapping[str, Any]) -> bool:
    """Whether a row in which nothing identifies a company or person says itself that there is none."""
    return scope == "company" and names_no_company(fields.get("company_name"))


def unresolved(scope: Scope, fields: Mapping[str, Any]) -> str:
    """Why nothing in the fields of an item identifies a company or person, and what would."""
    return f"the row has nothing to tell the {scope} by: it needs {_WANTED[scope]}"


def candidates(scope: Scope, client_id: str, fields: Mapping[str, Any]) -> Iterator[Entity]:
    """Every entity that the fields of a company or person could name, the surest first: the first is `resolve`'s."""
    for basis, key in _company(fields) if scope == "company" else _person(fields):
        if key:
            yield _named(scope, client_id, basis, key)


@lru_cache(maxsize=16_384)
def _named(scope: Scope, client_id: str, basis: str, key: str) -> Entity:
    return Entity(named_id(scope, client_id, basis, key), key, basis)


def _company(fields: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    yield "domain", company_domain(fields.get("company_domain")) or company_domain(fields.get("company_website"))
    yield "linkedin", linkedin_company(fields.get("company_linkedin_url"))
    yield "name", company_name_key(fields.get("company_name"))


def _person(fields: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    yield "linkedin", linkedin_person(fields.get("person_linkedin_url"))
    yield "email", email_address(fields.get("email"))
    name = person_name_key(fields.get("first_name"), fields.get("last_name"), fields.get("full_name"))
    company = next((key for _, key in _company(fields) if key), None)
    yield "name", f"{name} @ {company}" if name and company else None
