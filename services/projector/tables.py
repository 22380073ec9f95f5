"""The projector's tables."""

from typing import Any, Final

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

from services.projector.lead import COLUMNS, VERSION
from shared.runtime.tables import TIME, Id, checkpoint_table, tenant_column, tenant_columns

METADATA = MetaData()
checkpoint_table(METADATA)
TYPES: Final[dict[str, Any]] = {
    "person_current_job_start_date": Date,
    "company_employee_count": BigInteger,
    "company_founded_year": Integer,
    "company_industries": JSONB,
    "company_subindustries": JSONB,
    "company_technologies": JSONB,
    "is_new_in_role": Boolean,
    "is_recently_funded": Boolean,
    "is_worked_at_customer": Boolean,
}

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
    *(Column(name, TYPES.get(name, Text)) for name in COLUMNS),
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
