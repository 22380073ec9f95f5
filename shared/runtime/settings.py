"""Configuration by environment: every variable starts with LEADSTREAM_, as .env.example lists them."""

from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES: Final = ("ingest", "sequencer", "dispatcher", "callbacks", "projector")


class Settings(BaseSettings):
    """What one process is told. Secrets are never printed."""

    model_config = SettingsConfigDict(env_prefix="LEADSTREAM_", extra="ignore", frozen=True)

    database_url: SecretStr = SecretStr("postgresql://localhost/leadstream")
    nats_url: SecretStr = SecretStr("nats://localhost:4222")

    host: str = "127.0.0.1"
    port: int = 0
    log_level: str = "INFO"
    log_json: bool = True
    replica: str = ""

    signing_key: SecretStr = Field(default=SecretStr(""), description="signs callback tokens; 32 characters or more")
    previous_signing_keys: list[SecretStr] = Field(default=[], description="still accepted, while keys rotate")
    callback_base_url: str = Field(default="http://127.0.0.1:8104", description="where Clay reaches `callbacks`")
    artifacts: Path = Field(default=Path(".leadstream/artifacts"), description="folder of the object store")
    secrets_folder: Path | None = Field(default=None, description="one file a secret, named as in configurations")
    api_tokens: dict[str, str] = Field(default={}, description="bearer token to tenant name; empty: no check")
    tenant: str = Field(default="default", description="the tenant of a request where no token is asked for")

    max_batch: int = Field(default=500, description="events a service takes into one transaction, at most")
    lease_poll_seconds: float = 0.5
    patrol_events_per_second: int = Field(
        default=25_000, description="events the patrol looks at, at most; past 45 s of them its round takes longer"
    )
    retry_attempts: int = Field(default=5, description="tries of an event that fails before a person has to decide")
    retry_base_seconds: float = 1.0
    callback_max_bytes: int = 1_048_576
    upload_max_bytes: int = 1_073_741_824
    ingest_max_rows: int = Field(default=5_000_000, description="rows of a file that are read, at most")
    ingest_max_columns: int = Field(default=2_000, description="columns of a file, at most")
    ingest_max_cell_characters: int = Field(default=1_048_576, description="characters of a cell, at most")
    ingest_max_unpacked_bytes: int = Field(default=1_073_741_824, description="bytes of an unpacked workbook, at most")
