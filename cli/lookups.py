"""From what a person types to what the APIs want: names to ids."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.errors import Misused, Refused
from shared.ids import InvalidId, kind_of_id, parse_id

if TYPE_CHECKING:
    from cli.api import Api


def checked_id(prefix: str, text: str) -> str:
    """`text` as an id of this kind. Raises Misused."""
    try:
        return parse_id(prefix, text)
    except InvalidId as error:
        raise Misused(str(error)) from None


def checked_id_of(prefixes: Sequence[str], text: str) -> str:
    """`text` as an id of one of these kinds. Raises Misused."""
    kind = kind_of_id(text.strip().lower())
    if kind not in prefixes:
        raise Misused(f"{text[:80]!r} is no id like {prefixes[0]}_{'0' * 26}; it may be one of {', '.join(prefixes)}")
    return checked_id(kind, text)


def filled(option: str, text: str) -> str:
    """`text` as the option was given it. Raises Misused where it says nothing, which is not the same as no option."""
    if not text.strip():
        raise Misused(f"{option} is empty: say something, or leave it out")
    return text


def client_id_of(api: "Api", name: str) -> str:
    """The client with this id or exact name. Raises Misused for no name, Refused unless there is just one."""
    filled("the client's name", name)
    if (known := _as_id("client", name)) is not None:
        return known
    found = [client["client_id"] for client in api.read("ingest", "/v1/clients") if client["name"] == name]
    if not found:
        raise Refused(f"no client is named {name!r}; `leadstream client list` shows those there are")
    if len(found) > 1:
        raise Refused(f"{len(found)} clients are named {name!r}: give one of the ids {', '.join(found)}")
    return str(found[0])


def known_client_of(api: "Api", name: str) -> str:
    """As `client_id_of`, and Refused for an id that no client has: for services that do not know the clients."""
    client_id = client_id_of(api, name)
    if _as_id("client", name) is None:  # the name was found among them
        return client_id
    if all(client["client_id"] != client_id for client in api.read("ingest", "/v1/clients")):
        raise Refused(f"no client {client_id}; `leadstream client list` shows those there are")
    return client_id


def pipeline_of(api: "Api", client_id: str, workstream: str, name: str) -> dict[str, Any]:
    """A client's pipeline by id, or by exact name within the workstream. Raises Misused, Refused."""
    filled("the pipeline's name", name)
    known = _as_id("pipe", name)
    saved: list[dict[str, Any]] = api.read("ingest", f"/v1/clients/{client_id}/pipelines")
    for pipeline in saved:
        is_named = pipeline["name"] == name and pipeline["workstream"] == workstream
        if is_named or pipeline["pipeline_id"] == known:
            return pipeline
    there = ", ".join(sorted(repr(p["name"]) for p in saved if p["workstream"] == workstream)) or "none"
    raise Refused(f"the client has no pipeline {name!r} for {workstream}; it has: {there}")


def _as_id(prefix: str, text: str) -> str | None:
    try:
        return parse_id(prefix, text)
    except InvalidId:
        return None
