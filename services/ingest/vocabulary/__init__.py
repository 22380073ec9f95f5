"""What files call things: each field of a person or a company, with the headers it comes under, in one place.

A workstream names the fields it takes and adds the few headers that mean something in its own files only.
"""

from services.ingest.vocabulary.companies import COMPANY_FIELDS
from services.ingest.vocabulary.dialects import DIALECTS, Dialect
from services.ingest.vocabulary.field import Field, Holds, Owner
from services.ingest.vocabulary.headers import Reading, header_key, readings
from services.ingest.vocabulary.people import PERSON_FIELDS

FIELDS = (*PERSON_FIELDS, *COMPANY_FIELDS)

__all__ = [
    "COMPANY_FIELDS",
    "DIALECTS",
    "FIELDS",
    "PERSON_FIELDS",
    "Dialect",
    "Field",
    "Holds",
    "Owner",
    "Reading",
    "header_key",
    "readings",
]
