"""Where each service's API is, and the token to show it.

An environment variable wins (`LEADSTREAM_INGEST_URL` ...), then `runtime.json`, which `leadstream up` writes
into the data folder, then the default port. The token in that file goes only to the addresses in that file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from cli.errors import Refused
from cli.options import DEFAULT_DATA

DEFAULT_PORTS: Final = {
    "ingest": 8101,
    "sequencer": 8102,
    "dispatcher": 8103,
    "callbacks": 8104,
    "projector": 8105,
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One service's API. `source`: who says that it is there; `named`: whether that is a variable."""

    service: str
    url: str
    token: str | None = None
    source: str = field(default="", compare=False)
    named: bool = field(default=False, compare=False)


def endpoints(environ: Mapping[str, str]) -> dict[str, Endpoint]:
    """Every service's API by name. Raises Refused for a `runtime.json`, an address or a token that cannot be used."""
    file = Path(environ.get("LEADSTREAM_DATA") or DEFAULT_DATA) / "runtime.json"
    running = _running(file)
    return {service: _endpoint(service, environ, running, file) for service in DEFAULT_PORTS}


def _endpoint(service: str, environ: Mapping[str, str], running: Mapping[str, Any], file: Path) -> Endpoint:
    variable = f"LEADSTREAM_{service.upper()}_URL"
    told = environ.get(variable)
    token = _sendable("LEADSTREAM_API_TOKEN", environ.get("LEADSTREAM_API_TOKEN"))
    if not told and (url := running["urls"].get(service)):
        return Endpoint(
            service, _checked(service, url), token or _sendable(str(file), running.get("token")), f"that of {file}"
        )
    if told:
        return Endpoint(service, _checked(service, told), token, f"that of {variable}", named=True)
    default = f"the default one, for want of {variable} and {file}"
    return Endpoint(service, f"http://127.0.0.1:{DEFAULT_PORTS[service]}", token, default)


def _running(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {"urls": {}}
    except (OSError, ValueError) as error:
        raise Refused(f"cannot read {path}: {error}; start `leadstream up` again to write it anew") from None
    if not isinstance(found, dict) or not isinstance(found.get("urls"), dict):
        raise Refused(f'{path} has no object "urls"; start `leadstream up` again to write it anew')
    return found


def _checked(service: str, url: object) -> str:
    if not isinstance(url, str) or not _is_address(url):
        raise Refused(f"the address of {service} is {url!r}: set LEADSTREAM_{service.upper()}_URL to http://HOST:PORT")
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        told = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return False
    return told.scheme in {"http", "https"} and bool(told.host) and (told.port or 0) < 1 << 16


def _sendable(source: str, token: object) -> str | None:
    """A token without the space around it. Raises Refused, without showing it, for one that no header can have."""
    text = str(token or "").strip()
    if not (text.isascii() and text.isprintable()):
        raise Refused(f"the token of {source} cannot be sent: a token has letters, digits and signs of ASCII only")
    return text or None
