"""How state tables are declared, and made in the database.

A table is declared once, with SQLAlchemy; its DDL, its hot statements and the comparison in `verify` all come from
that declaration. Ids are `Id` columns: prefixed ULIDs in Python, native `uuid` in the database.
"""

from typing import Any, Final

from sqlalchemy import TIMESTAMP, BigInteger, Column, Dialect, LargeBinary, MetaData, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeDecorator

from shared.ids import from_hex, to_hex

TIME: Final = TIMESTAMP(timezone=True)
DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


class Id(TypeDecorator[str]):
    """A prefixed ULID, stored as `uuid`. A column that holds ids of more than one type is `Text`."""

    impl = Uuid(as_uuid=False)
    cache_ok = True

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else to_hex(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else from_hex(self.prefix, value)


def tenant_column() -> Column[Any]:
    """The column by which the database keeps tenants apart; every state table that APIs read has it."""
    return Column("tenant_id", Id("tenant"), nullable=False)


def tenant_columns() -> list[Column[Any]]:
    """`tenant_column`, and the client whose row it is; None where it is nobody's."""
    return [tenant_column(), Column("client_id", Id("client"))]


def checkpoint_table(metadata: MetaData) -> Table:
    """Where a service stands: the last position its state holds, in the one row of slice 0.

    `chain` is the log's hash there: what tells of which log the state was made. Empty where the log had no such row.
    """
    return Table(
        "checkpoint",
        metadata,
        Column("slice", SmallInteger, primary_key=True),
        Column("position", BigInteger, nullable=False),
        Column("chain", LargeBinary, nullable=False),
        Column("shape", Text, nullable=False),
        info={"derived": False},
    )


def ddl(metadata: MetaData, *, reader: str | None = None) -> list[str]:
    """The statements that make the tables of one service in the schema on the search path.

    `reader`: the role that API queries run as; it sees the rows of the tenant set on its connection and no others.
    """
    statements = []
    for table in metadata.sorted_tables:
        # A row of up to a page stays whole and uncompressed: compressing each answer costs more than its space.
        create = str(CreateTable(table, if_not_exists=True).compile(dialect=DIALECT)).rstrip()
        # Room is left on each page, so that an updated row stays on it and no index has to change.
        statements.append(f"{create} WITH (toast_tuple_target = 8160, fillfactor = 60)")
        statements += [
            str(CreateIndex(index, if_not_exists=True).compile(dialect=DIALECT))
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ]
        if reader is not None and "tenant_id" in table.c:
            statements += _guard(table.name, reader)
    return statements


def _guard(table: str, reader: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS tenant ON {table}",
        f"CREATE POLICY tenant ON {table} TO {reader} "
        "USING (tenant_id = current_setting('leadstream.tenant_id')::uuid)",
        f"GRANT SELECT ON {table} TO {reader}",
    ]
