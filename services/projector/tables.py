"""The projector's tables."""

from datetime import date
from typing import Any, Final, get_type_hints

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.projector.extractors.reading import TABLES
from services.projector.flags import FLAGS
from services.projector.lead import COLUMNS, UPLOADED, VERSION
from shared import mapping
from shared.runtime.tables import TIME, Id, checkpoint_table, tenant_column, tenant_columns
from shared.values import year

METADATA = MetaData()
checkpoint_table(METADATA)
# What a normaliser says it gives, and what that is kept as; a year needs less than other numbers do.
_KEPT: Final[dict[Any, Any]] = {
    str | None: Text,
    int | None: BigInteger,
    year: Integer,
    bool | None: Boolean,
    date | None: Date,
    list[str] | None: JSONB,
}


def type_of(line: mapping.Column) -> Any:
    """What a lead keeps a column as, by what its normaliser gives. TypeError for what no column can hold."""
    gives = get_type_hints(line.normalise).get("return")
    if kept := _KEPT.get(line.normalise) or _KEPT.get(gives):
        return kept
    raise TypeError(f"{line.name}: {line.normalise.__name__} gives {gives}, and a column of a lead holds no such thing")


_LINES: Final = (*UPLOADED, *(line for table in TABLES.values() for line in table))
_TYPES: Final[dict[str, Any]] = dict.fromkeys(FLAGS, Boolean) | {line.name: type_of(line) for line in _LINES}

BATCH = Table(
    "batch",
    METADATA,
    Column("batch_id", Id("batch"), primary_key=True),
    *tenant_columns(),
    Column("workstream", Text, nullable=False),
    Column("last_step", SmallInteger, nullable=False),
    Column("cancelled", Boolean, nullable=False),
)
ITEM = Table(
    "item",
    METADATA,
    Column("item_id", Id("item"), primary_key=True),
    *tenant_columns(),
    Column("batch_id", Id("batch"), nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("outputs", JSONB, nullable=False),
    Column("person_id", Id("person")),
    Column("company_id", Id("company")),
    Column("earlier", JSONB, nullable=False),
    Column("running", Boolean, nullable=False),
    Column("outcome", Text),
    Column("ended_at", TIME),  # no query reads it; it has to be what the first release made of its log
    Column("failed_workflow", Text),
    Column("failed_code", Text),
    Index("item_open", "batch_id", postgresql_where=text("running")),
    Index("item_failed", "batch_id", postgresql_where=text("outcome = 'failed'")),
    Index("item_person", "person_id", postgresql_where=text("outcome IS NOT NULL")),
    Index("item_company", "company_id", postgresql_where=text("outcome IS NOT NULL")),
    Index("item_earlier", "earlier", postgresql_using="gin", postgresql_where=text("earlier <> '[]'::jsonb")),
)
ANSWER = Table(
    "answer",
    METADATA,
    Column("entity_id", Text, primary_key=True),
    Column("workflow", Text, primary_key=True),
    Column("client_id", Id("client"), primary_key=True),
    tenant_column(),
    Column("answer_id", Id("evt"), nullable=False),
    Column("provider", Text, nullable=False),
    Column("received_at", TIME, nullable=False),
    Column("refreshed_at", Text, nullable=False),
    Column("columns", SmallInteger, nullable=False),
    Column("fields", SmallInteger, nullable=False),
    Column("answered_at", TIME),
    Index("answer_unread", "client_id", postgresql_where=text("columns = 0 AND fields = 0")),
)
ANSWER_MAPPING = Table(
    "answer_mapping",
    METADATA,
    Column("client_id", Id("client"), primary_key=True),
    Column("workflow", Text, primary_key=True),
    Column("workstream", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    tenant_column(),
    Column("paths", JSONB, nullable=False),
)
CUSTOMER = Table(
    "customer",
    METADATA,
    Column("client_id", Id("client"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("customer", Text, primary_key=True),
    Column("upload_id", Id("import"), primary_key=True),
    tenant_column(),
    Column("name", Text, nullable=False),
    Index("customer_known_by", "client_id", "customer"),
)
FINAL_LEADS = Table(
    "final_leads",
    METADATA,
    Column("lead_id", Id("lead"), primary_key=True),
    *tenant_columns(),
    Column("batch_id", Id("batch"), nullable=False),
    Column("item_id", Id("item"), nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("person_id", Id("person")),
    Column("company_id", Id("company")),
    Column("source_workstream", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    *(Column(name, _TYPES[name]) for name in COLUMNS),
    Column("provenance", JSONB, nullable=False),
    Column("contradictions", JSONB),
    Column("reference_date", Date, nullable=False),
    Column("projected_at", TIME, nullable=False),
    Index("final_leads_batch", "batch_id", "row"),
    # Leads made under another mapping are of another shape: the projector asks for a rebuild.
    CheckConstraint("true", name=f"mapping {VERSION}"),
)
PERSON_WORK_HISTORY = Table(
    "person_work_history",
    METADATA,
    Column("person_id", Id("person"), primary_key=True),
    Column("client_id", Id("client"), primary_key=True),
    Column("ordinal", SmallInteger, primary_key=True),
    tenant_column(),
    *(
        Column(n, Text)
        for n in ("company_name", "company_domain", "company_linkedin_url", "company_key", "company_name_key", "title")
    ),
    Column("start_date", Date),
    Column("end_date", Date),
    Column("is_current", Boolean, nullable=False),
    Index("person_work_history_company", "company_key"),
)
PUSH = Table(
    "push",
    METADATA,
    Column("push_id", Id("push"), primary_key=True),
    *tenant_columns(),
    Column("status", Text, nullable=False),
    Column("webhook_url", Text, nullable=False),
    Column("webhook_auth", Text),
    Column("auth_header", Text, nullable=False),
    Column("query", JSONB, nullable=False),
    Column("columns", JSONB, nullable=False),
    Column("size", SmallInteger, nullable=False),
    Column("parcels", Integer, nullable=False),
    Column("leads", BigInteger, nullable=False),
    Column("last_batch_id", Id("batch")),
    Column("last_row", BigInteger),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", TIME, nullable=False),
    Column("code", Text),
    Column("reason", Text),
    Column("requested_at", TIME, nullable=False),
    Column("ended_at", TIME),
    Index("push_running", "due_at", postgresql_where=text("status = 'running'")),
)
# A parcel whose POST has begun, and whose leads it has: found again, that attempt is in doubt, and another attempt at
# the same parcel has the same leads. About this process and not about the log: neither replay nor verify look at it.
PUSHING = Table(
    "pushing",
    METADATA,
    Column("push_id", Id("push"), primary_key=True),
    Column("parcel", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("lead_ids", JSONB, nullable=False),
    info={"derived": False},
)
