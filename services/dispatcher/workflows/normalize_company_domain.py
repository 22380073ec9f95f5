"""Sets `company_domain`: the registrable domain of the company's domain or, failing that, of its website.

An e-mail's domain is never used: one person in seven has an address at another domain than the employer's.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.canonical import is_free_mail, registrable_domain

_SOURCES: Final = ("company_domain", "company_website")


def run(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`{"company_domain": "acme.com"}`, or `{}` when neither field has a domain of a company's own."""
    for source in _SOURCES:
        domain = registrable_domain(fields.get(source))
        if domain and not is_free_mail(domain):
            return {"company_domain": domain}
    return {}
