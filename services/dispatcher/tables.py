"""The dispatcher's tables."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, MetaData, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from shared.runtime.tables import TIME, Id, checkpoint_table, tenant_column, tenant_columns

# The settings that dispatch `d` is sent by, where `SETTINGS_JOIN` is in the statement: the client's for (workflow,
# workstream) under the name that the step wants, and over them the batch's own. As `configuration.effective`.
SETTINGS: Final = "coalesce(c.config, '{}') || coalesce(b.config -> d.workflow, '{}')"
SETTINGS_JOIN: Final = """
LEFT JOIN batch b ON b.batch_id = d.batch_id
LEFT JOIN config c ON c.client_id = d.client_id AND c.workflow = d.workflow AND c.workstream = d.workstream
    AND c.name = b.blueprint -> CAST(d.step AS int) ->> 'configuration'
"""
# Who names which webhook, by which settings: clients' own, and those of batches that wait for calls.
WEBHOOKS_NAMED: Final = """
SELECT tenant_id, webhook_id, client_id, workflow, workstream, name, CAST(NULL AS uuid) AS batch_id, config AS settings
FROM config WHERE webhook_id IS NOT NULL
UNION ALL
SELECT b.tenant_id, coalesce(CAST(b.webhooks ->> own.key AS uuid), c.webhook_id), b.client_id, own.key, b.workstream,
       step ->> 'configuration', b.batch_id, coalesce(c.config, '{}') || own.value
FROM batch b CROSS JOIN jsonb_each(b.config) own CROSS JOIN jsonb_array_elements(b.blueprint) step
LEFT JOIN config c ON c.client_id = b.client_id AND c.workstream = b.workstream AND c.workflow = own.key
    AND c.name = step ->> 'configuration'
WHERE b.config <> '{}' AND step ->> 'workflow' = own.key
    AND EXISTS (SELECT FROM waiter WHERE waiter.batch_id = b.batch_id AND released_by IS NULL)
    AND coalesce(b.webhooks ->> own.key, CAST(c.webhook_id AS text)) IS NOT NULL
"""
# What webhooks have taken of a tenant, once for all its settings that name one.
WEBHOOKS_USED: Final = f"""
SELECT tenant_id, webhook_id, taken, settings FROM webhook JOIN ({WEBHOOKS_NAMED}) n USING (tenant_id, webhook_id)
"""
METADATA = MetaData()
checkpoint_table(METADATA)

BATCH = Table(
    "batch",
    METADATA,
    Column("batch_id", Id("batch"), primary_key=True),
    *tenant_columns(),
    Column("workstream", Text, nullable=False),
    Column("blueprint", JSONB, nullable=False),
    Column("config", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("max_credits", Double),
    Column("reserved", Double, nullable=False),
    Column("held_by", Id("evt")),
    Column("launched_at", TIME, nullable=False),
    Column("since", Id("evt"), nullable=False),
    Column("webhooks", JSONB, nullable=False),
)
ITEM = Table(
    "item",
    METADATA,
    Column("item_id", Id("item"), primary_key=True),
    *tenant_columns(),
    Column("batch_id", Id("batch"), nullable=False),
    Column("output", JSONB, nullable=False),
)
CONFIG = Table(
    "config",
    METADATA,
    Column("client_id", Id("client"), primary_key=True),
    Column("workflow", Text, primary_key=True),
    Column("workstream", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    tenant_column(),
    Column("config", JSONB, nullable=False),
    Column("webhook_id", Id("wh")),
    Column("removed", Boolean, nullable=False),
)
BUDGET = Table(
    "budget",
    METADATA,
    Column("client_id", Id("client"), primary_key=True),
    tenant_column(),
    Column("max_credits", Double),
    Column("reserved", Double, nullable=False),
)
TENANT = Table(
    "tenant",
    METADATA,
    Column("tenant_id", Id("tenant"), primary_key=True),
    Column("share_answers", Boolean, nullable=False),
)
# An entity is a company, a person or an item: its id keeps its prefix, so the column is text.
CLAIM = Table(
    "claim",
    METADATA,
    Column("entity_id", Text, primary_key=True),
    Column("workflow", Text, primary_key=True),
    *tenant_columns(),
    Column("scope", Text, nullable=False),
    Column("entity_key", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("claimant_item_id", Id("item")),
    Column("dispatch_id", Id("disp")),
    Column("attempt", SmallInteger, nullable=False),
    Column("answer_id", Id("evt")),
    Column("found", Boolean),
    Column("answered_at", TIME),
    Column("code", Text),
    Column("reason", Text),
    Column("answered_for", Id("item")),
    Column("refreshed_at", Text),
)
WAITER = Table(
    "waiter",
    METADATA,
    Column("item_id", Id("item"), primary_key=True),
    Column("step", SmallInteger, primary_key=True),
    *tenant_columns(),
    Column("batch_id", Id("batch"), nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("released_by", Id("evt")),
    Index("waiter_open", "entity_id", postgresql_where=text("released_by IS NULL")),
    Index("waiter_open_batch", "batch_id", postgresql_where=text("released_by IS NULL")),
)
DISPATCH = Table(
    "dispatch",
    METADATA,
    Column("dispatch_id", Id("disp"), primary_key=True),
    *tenant_columns(),
    Column("batch_id", Id("batch"), nullable=False),
    Column("item_id", Id("item"), nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("workstream", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("attempt", SmallInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("due_at", TIME, nullable=False),
    Column("sent_at", TIME),
    Column("deadline_at", TIME),
    Column("in_doubt", Boolean, nullable=False),
    Column("code", Text),
    Column("reason", Text),
    Column("missing", SmallInteger, nullable=False),
    Column("credits", Double, nullable=False),
    Column("since", TIME, nullable=False),
    Index(
        "dispatch_due",
        "client_id",
        "workflow",
        "workstream",
        "settings",
        "due_at",
        postgresql_where=text("status = 'DUE'"),
    ),
    Index("dispatch_sent", "deadline_at", postgresql_where=text("status = 'SENT'")),
    Index("dispatch_held", "entity_id", "workflow", postgresql_where=text("status = 'HELD'")),
    Index("dispatch_batch", "batch_id"),
)
WEBHOOK = Table(
    "webhook",
    METADATA,
    Column("webhook_id", Id("wh"), primary_key=True),
    Column("tenant_id", Id("tenant"), primary_key=True),
    Column("taken", BigInteger, nullable=False),
    Column("taken_at", TIME),
)
# A POST that has begun, written before it is sent: found again after a crash, the attempt is in doubt. It is about
# this process and not about the log, so neither replay nor verify look at it.
SENDING = Table(
    "sending",
    METADATA,
    Column("dispatch_id", Id("disp"), primary_key=True),
    Column("times", SmallInteger, nullable=False),
    info={"derived": False},
)
