"""One webhook POST, read: whom it is about, whose ids it carries, where its answer goes.

Nothing is required of a body but that it is a JSON object: Clay takes any, and so do we.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

Kind = Literal["company", "person", "email"]

OUR_IDS = ("item_id", "company_id", "person_id")
_DOMAINS = ("company_domain", "domain", "company_website", "website")
_PERSON_LINKEDIN = ("person_linkedin_url", "linkedin_url", "linkedin", "person_linkedin", "profile_url")
_COMPANY_LINKEDIN = ("company_linkedin_url", "linkedin_url", "linkedin", "company_linkedin")


class NotAnObject(ValueError):
    """The body is not a JSON object."""


@dataclass(slots=True)
class Submission:
    """What was asked; `domain` is a bare host, `linkedin` the URL as it came, both empty if not given."""

    path: str
    kind: Kind
    fields: dict[str, Any]
    domain: str
    linkedin: str

    def text(self, *names: str) -> str:
        """The first of these fields that holds a non-empty string, else an empty one."""
        return first_text(self.fields, names)

    def ids(self) -> dict[str, Any]:
        """Our own ids, as they came; Clay hands them back untouched."""
        return {name: self.fields[name] for name in OUR_IDS if name in self.fields}


def read(path: str, body: bytes) -> Submission:
    """Read a webhook POST; `NotAnObject` if there is none in it."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotAnObject(str(error)) from error
    if not isinstance(fields, dict):
        raise NotAnObject("the body is not a JSON object")
    kind = kind_of(path, fields)
    linkedin = first_text(fields, _COMPANY_LINKEDIN if kind == "company" else _PERSON_LINKEDIN)
    return Submission(path, kind, fields, host_of(first_text(fields, _DOMAINS)), linkedin)


def kind_of(path: str, fields: Mapping[str, Any]) -> Kind:
    """What is asked for: an e-mail by the workflow's name, else by the entity's id, else by the path."""
    asked = f"{path} {fields.get('workflow') or ''}"
    if "email" in asked:
        return "email"
    if fields.get("person_id"):
        return "person"
    return "person" if "person" in asked and not fields.get("company_id") else "company"


def first_text(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first named field that is a non-empty string, else an empty one."""
    for name in names:
        value = fields.get(name)
        if value and isinstance(value, str):
            return value
    return ""


def host_of(address: str) -> str:
    """`http://www.Brightforge.example/about` to `brightforge.example`."""
    host = address.rpartition("://")[2].partition("/")[0].partition("?")[0].strip().lower()
    return host.removeprefix("www.")


def slug_of(url: str) -> str:
    """The last part of a LinkedIn URL's path: `.../in/ada-quillby/?x=1` to `ada-quillby`."""
    return url.partition("?")[0].rstrip("/").rpartition("/")[2].lower()
