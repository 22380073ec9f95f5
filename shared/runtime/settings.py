"""Configuration by environment: every variable starts with LEADSTREAM_, as .env.example lists them.

A variable that is empty counts as one that is not set.
"""

import logging
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

SERVICES: Final = ("ingest", "sequencer", "dispatcher", "callbacks", "projector")
ROLES: Final = (*SERVICES, "relay")
_Kind = TypeVar("_Kind", bound=BaseSettings)


def _known_level(name: str) -> str:
    if name.upper() not in logging.getLevelNamesMapping():
        raise ValueError("is none of DEBUG, INFO, WARNING and ERROR")
    return name


def _reached_by_http(url: str) -> str:
    wrong = ValueError("write http://HOST or https://HOST, with a port and a path if need be")
    try:
        told = urlsplit(url)
        port = told.port
    except ValueError:
        raise wrong from None
    if told.scheme not in {"http", "https"} or not told.hostname or port == 0 or {"?", "#", "@", " "} & set(url):
        raise wrong
    return url


def _telling_who_asks(tokens: dict[str, str]) -> dict[str, str]:
    for token, tenant in tokens.items():
        if not token or token != token.strip():
            raise ValueError("a token is empty, or has a blank at an end: it would let in whoever shows none")
        if not (token.isascii() and token.isprintable()):
            raise ValueError("a token has a character that is no printable ASCII, and no header can have it")
        if not tenant or tenant != tenant.strip():
            raise ValueError("the tenant of a token is empty, or has a blank at an end")
    return tokens


class Settings(BaseSettings):
    """What one process is told. Secrets are never printed."""

    model_config = SettingsConfigDict(
        env_prefix="LEADSTREAM_", env_ignore_empty=True, extra="ignore", frozen=True, allow_inf_nan=False
    )

    database_url: SecretStr = Field(
        default=SecretStr("postgresql://localhost/leadstream"), description="PostgreSQL, as this part's own role"
    )
    nats_url: SecretStr = Field(
        default=SecretStr("nats://localhost:4222"),
        description="NATS, as the user `service`; `callbacks` and the relay each have their own",
    )

    host: str = Field(default="127.0.0.1", description="address that the API listens on")
    port: int = Field(default=0, ge=0, le=65535, description="port of the API; 0 takes a free one")
    log_level: Annotated[str, AfterValidator(_known_level)] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_json: bool = Field(default=True, description="logs as JSON lines; false: for reading")
    replica: str = Field(default="", description="a name for this replica, to tell its log lines apart")

    signing_key: SecretStr = Field(default=SecretStr(""), description="signs callback tokens; 32 characters or more")
    previous_signing_keys: list[SecretStr] = Field(default=[], description="still accepted, while keys rotate")
    callback_base_url: Annotated[str, AfterValidator(_reached_by_http)] = Field(
        default="http://127.0.0.1:8104", description="where Clay reaches `callbacks`"
    )
    artifacts: Path = Field(default=Path(".leadstream/artifacts"), description="folder of the object store")
    private_webhooks: bool = Field(
        default=False, description="POSTs may go to addresses of this machine and of private networks too"
    )
    secrets_folder: Path | None = Field(default=None, description="a folder for each tenant, with one file a secret")
    api_tokens: Annotated[dict[str, str], AfterValidator(_telling_who_asks)] = Field(
        default={}, description="bearer token to tenant name; {}: no check"
    )
    tenant: str = Field(default="default", description="the tenant of a request where no token is asked for")

    max_batch: int = Field(
        default=500, ge=1, le=10_000, description="events a service takes into one transaction, at most"
    )
    lease_poll_seconds: float = Field(
        default=0.5, ge=0.01, le=60, description="how often a replica that stands by tries to lead"
    )
    stream_max_bytes: int | None = Field(
        default=None, ge=1 << 20, description="room of the log's copy in NATS, for `provision`; else the disk's"
    )
    patrol_events_per_second: int = Field(
        default=25_000,
        ge=1_000,
        le=10_000_000,
        description="events the patrol looks at, at most; past 45 s of them its round takes longer",
    )
    retry_attempts: int = Field(
        default=5, ge=1, le=20, description="tries of an event that fails before a person has to decide"
    )
    retry_base_seconds: float = Field(
        default=1.0,
        ge=0.001,
        le=3_600,
        description="pause before the second try of an event; each later one is four times as long, with jitter",
    )
    callback_max_bytes: int = Field(
        default=1_048_576, ge=1_024, le=4_194_304, description="the longest answer that is read, in bytes"
    )
    upload_max_bytes: int = Field(
        default=1_073_741_824, ge=1, le=1 << 40, description="the longest file that is taken, in bytes"
    )
    ingest_max_rows: int = Field(
        default=5_000_000, ge=1, le=(1 << 31) - 1, description="rows of a file that are read, at most"
    )
    ingest_max_columns: int = Field(default=2_000, ge=1, le=1_000_000, description="columns of a file, at most")
    ingest_max_cell_characters: int = Field(
        default=1_048_576, ge=1, le=1 << 30, description="characters of a cell, at most"
    )
    ingest_max_unpacked_bytes: int = Field(
        default=1_073_741_824, ge=1, le=1 << 40, description="bytes of an unpacked workbook, at most"
    )

    def source(self, name: str) -> str:
        """Who has said what this setting is."""
        variable = f"LEADSTREAM_{name}".upper()
        return f"that of {variable}" if name in self.model_fields_set else f"the default one, for want of {variable}"


def configured(kind: type[_Kind]) -> _Kind:
    """The settings that the environment gives. Ends the process, each wrong variable named, without its value."""
    if os.environ.get("LEADSTREAM_API_TOKENS") == "":  # a secret that came to nothing must not open every door
        sys.exit(
            "LEADSTREAM_API_TOKENS: is empty; write {} if everybody who reaches a port may do all, or leave it out"
        )
    try:
        return kind()
    except (ValidationError, SettingsError) as error:
        prefix = kind.model_config["env_prefix"]
        sys.exit("\n".join(f"{prefix}{name}".upper() + f": {why}" for name, why in _wrong(error)))


def _wrong(error: ValidationError | SettingsError) -> Iterator[tuple[str, str]]:
    """Each setting that is wrong, and why. What was read is not in it: neither values nor keys of objects."""
    if isinstance(error, SettingsError):
        yield "".join(re.findall(r'field "(\w+)"', str(error))), "is no JSON; .env.example shows how it is written"
        return
    reasons = {str(found["loc"][0]): found["msg"] for found in error.errors(include_input=False, include_url=False)}
    for name, message in reasons.items():
        yield name, message.removeprefix("Value error, ")
