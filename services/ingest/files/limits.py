"""How much of a file is read before it is refused."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from shared.runtime.settings import Settings

_VARIABLES: Final = frozenset(
    (
        "LEADSTREAM_UPLOAD_MAX_BYTES",
        "LEADSTREAM_INGEST_MAX_ROWS",
        "LEADSTREAM_INGEST_MAX_COLUMNS",
        "LEADSTREAM_INGEST_MAX_CELL_CHARACTERS",
        "LEADSTREAM_INGEST_MAX_UNPACKED_BYTES",
    )
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is still read: bytes of a file, rows, columns, characters of a cell, bytes of a workbook when unpacked."""

    file_bytes: int = 1 << 30
    rows: int = 5_000_000
    columns: int = 2_000
    cell_characters: int = 1 << 20
    unpacked_bytes: int = 1 << 30

    @classmethod
    def of(cls, settings: "Settings") -> "Limits":
        """As configured."""
        return cls(
            settings.upload_max_bytes,
            settings.ingest_max_rows,
            settings.ingest_max_columns,
            settings.ingest_max_cell_characters,
            settings.ingest_max_unpacked_bytes,
        )

    @classmethod
    def configured(cls) -> "Limits":
        """As the environment says; for a command, which would wait for the settings longer than for a short list."""
        if _VARIABLES.isdisjoint(map(str.upper, os.environ)):
            return cls()
        from shared.runtime.settings import Settings

        return cls.of(Settings())
