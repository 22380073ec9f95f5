"""One list through the whole product over its HTTP APIs: what `demo`, `bench` and the end-to-end tests share."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

COMPANY: Final = "enrich_company_via_waterfall_in_clay"
PERSON: Final = "enrich_person_via_waterfall_in_clay"
STEPS: Final = ("normalize_company_domain", PERSON, COMPANY)
PERSON_FIELDS: Final = frozenset({"first_name", "last_name", "full_name", "email", "person_linkedin_url"})
_NO_LEADS: Final[dict[str, Any]] = {"leads": [], "next": None}
PATIENCE_SECONDS: Final = 10.0
STAGED_SECONDS: Final = 1_800.0
SEEN_SECONDS: Final = 60.0
DONE: Final = frozenset({"completed", "cancelled"})


class Refused(RuntimeError):
    """A service answered with an error; the message is the service's own."""


@dataclass
class Campaign:
    """A client of its own, set up to use the simulator. `urls`: service name to base URL."""

    urls: Mapping[str, str]
    name: str = "Demo client"
    config: Mapping[str, Any] = field(default_factory=dict)
    client_id: str = ""

    def __post_init__(self) -> None:
        self._http = httpx.Client(timeout=300, trust_env=False)

    def set_up(self, workstream: str = "apollo_scrape") -> None:
        """Register the client and point what enriches companies and people of the workstream at the simulator."""
        made = self.call("ingest", "POST", "/v1/clients", json={"name": self.name})
        self.client_id = made["client_id"]
        for kind, workflow in self.enrichments(workstream, made["position"]).items():
            config = {
                "webhook_url": f"{self.urls['simulator']}/webhook/{kind}",
                # The simulator has no limit of its own, so it is called as fast as it answers.
                "rate_per_second": 0,
                "in_flight": 64,
            }
            body = {"workstream": workstream, "config": config | dict(self.config)}
            self.call("ingest", "PUT", f"/v1/clients/{self.client_id}/configs/{workflow}", json=body)

    def enrichments(self, workstream: str, position: int = 0) -> dict[str, str]:
        """The workflow that enriches a `company`, and the one for a `person`, as far as the workstream has them.

        `position`: of the log, which the registry is to know.
        """
        registered = self.call("ingest", "GET", "/v1/workflows", params={"at_position": position})
        return {
            kind: row["workflow"]
            for kind in ("company", "person")
            for row in registered
            if row["workstream"] == workstream and row["workflow"].startswith(f"enrich_{kind}_")
        }

    def steps(self, workstream: str, fields: Iterable[str]) -> tuple[str, ...]:
        """All steps that make sense of rows with these fields: a list of companies has no people to enrich."""
        found = self.enrichments(workstream)
        person = found.get("person") if PERSON_FIELDS & set(fields) else None
        return tuple(filter(None, ("normalize_company_domain", person, found.get("company"))))

    def upload(self, file: Path, workstream: str = "apollo_scrape") -> dict[str, Any]:
        """Upload a file and wait until its rows are staged. Raises TimeoutError."""
        with file.open("rb") as body:
            answer: dict[str, Any] = self.call(
                "ingest", "POST", f"/v1/clients/{self.client_id}/uploads", content=body,
                params={"workstream": workstream, "filename": file.name},
            )  # fmt: skip
        _until(
            lambda: self.call("ingest", "GET", f"/v1/uploads/{answer['upload_id']}", missing={}),
            lambda upload: upload.get("status") == "ready",
            STAGED_SECONDS, 0.02, f"the rows of {file.name} are not all staged",
        )  # fmt: skip
        return answer

    def launch(self, upload_id: str, steps: tuple[str, ...] = STEPS, rows: list[int] | None = None) -> dict[str, Any]:
        """Start a batch."""
        body = {"upload_id": upload_id, "steps": list(steps), "rows": rows}
        launched: dict[str, Any] = self.call("ingest", "POST", "/v1/batches", json=body)
        return launched

    def batch(self, batch_id: str) -> dict[str, Any]:
        """Where the batch stands; {} while the sequencer has not seen it."""
        batch: dict[str, Any] = self.call("sequencer", "GET", f"/v1/batches/{batch_id}", missing={})
        return batch

    def seen(self, batch_id: str) -> dict[str, Any]:
        """Where the batch stands, as soon as the sequencer says it. Raises TimeoutError."""
        return _until(lambda: self.batch(batch_id), bool, SEEN_SECONDS, 0.1, f"batch {batch_id} is not seen")

    def wait(
        self,
        batch_id: str,
        seconds: float,
        every: float = 0.2,
        seen: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Until the batch has ended. Raises TimeoutError with the last picture."""

        def asked() -> dict[str, Any]:
            batch = self.batch(batch_id)
            if seen is not None and batch:
                seen(batch)
            return batch

        return _until(
            asked, lambda batch: batch.get("status") in DONE, seconds, every, f"batch {batch_id} has not ended"
        )

    def leads(self, batch_id: str, limit: int = 1000) -> list[dict[str, Any]]:
        """All leads of the batch that the projector can show now."""
        found: list[dict[str, Any]] = []
        after = None
        while True:
            params = {"batch_id": batch_id, "limit": limit} | ({"after": after} if after else {})
            page = self.call("projector", "GET", "/v1/leads", params=params, missing=_NO_LEADS)
            found += page["leads"]
            after = page["next"]
            if after is None:
                return found

    def call(self, service: str, method: str, path: str, missing: Any = None, **request: Any) -> Any:
        """One request. `missing`: what a 404 or a service that is starting counts as. Raises Refused."""
        try:
            answer = self._ask(method, self.urls[service] + path, **request)
        except httpx.TransportError:
            if missing is None:
                raise
            return missing
        if answer.status_code in {404, 503} and missing is not None:
            return missing
        if not answer.is_success:
            raise Refused(f"{service}: {answer.status_code} {_message(answer)}")
        return answer.json()

    def _ask(self, method: str, url: str, **request: Any) -> httpx.Response:
        """A question may be asked again: of a service that is just being restarted, for some seconds."""
        deadline = time.monotonic() + (PATIENCE_SECONDS if method == "GET" else 0)
        while True:
            try:
                return self._http.request(method, url, **request)
            except httpx.TransportError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.1)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _until(
    ask: Callable[[], dict[str, Any]], enough: Callable[[dict[str, Any]], bool], seconds: float, every: float, late: str
) -> dict[str, Any]:
    """What is answered, once it is enough. Raises TimeoutError with the last answer."""
    deadline = time.monotonic() + seconds
    while not enough(found := ask()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{late} within {seconds:g} s: {found}")
        time.sleep(every)
    return found


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]
