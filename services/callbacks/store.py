"""The callbacks service's one table."""

from collections.abc import Sequence

from sqlalchemy import Column, MetaData, Table, Text

from services.callbacks.domain import Secret, State
from shared.envelope import Event
from shared.runtime.database import Connection, Id, Rows, checkpoint_table

METADATA = MetaData()
checkpoint_table(METADATA)

SECRET = Table(
    "secret",
    METADATA,
    Column("client_id", Id("client"), primary_key=True),
    Column("workflow", Text, primary_key=True),
    Column("workstream", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("tenant_id", Id("tenant"), nullable=False),
    Column("sha256", Text),
)
SECRETS = Rows(SECRET, Secret)


async def load(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """Nothing: each event carries all of its row."""


async def save(connection: Connection, state: State) -> None:
    """Write what changed."""
    await SECRETS.upsert(connection, state.secrets.take_changed())
