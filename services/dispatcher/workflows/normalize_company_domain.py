"""Sets `company_domain`: the registrable domain of the company's domain or, failing that, of its website.

An e-mail's domain is never used: one person in seven has an address at another domain than the employer's.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.canonical import company_domain

_SOURCES: Final = ("company_domain", "company_website")


def run(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`{"company_domain": "acme.com"}`, or `{}` when neither field has a domain of a company's own."""
    domain = next(filter(None, (company_domain(fields.get(source)) for source in _SOURCES)), None)
    return {"company_domain": domain} if domain else {}
