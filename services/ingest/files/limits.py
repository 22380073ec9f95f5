"""How much of a file is read before it is refused."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from shared.runtime.settings import Settings

# Which setting each limit is. Its default is written in both: a command is not to wait for the settings to be imported.
_SETTINGS: Final = {
    "file_bytes": "upload_max_bytes",
    "rows": "ingest_max_rows",
    "columns": "ingest_max_columns",
    "cell_characters": "ingest_max_cell_characters",
    "unpacked_bytes": "ingest_max_unpacked_bytes",
}


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
        return cls(**{limit: getattr(settings, setting) for limit, setting in _SETTINGS.items()})

    @classmethod
    def configured(cls) -> "Limits":
        """As the environment says; for a command, which would wait for the settings longer than for a short list."""
        variables = {f"LEADSTREAM_{setting.upper()}" for setting in _SETTINGS.values()}
        if variables.isdisjoint(map(str.upper, os.environ)):
            return cls()
        from shared.runtime.settings import Settings, configured

        return cls.of(configured(Settings))
