"""One list through the whole product over its HTTP APIs: what `demo`, `bench` and the end-to-end tests share."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from cli.addresses import Endpoint
from cli.api import Api, Row, named
from cli.errors import Refused, Unreachable

T = TypeVar("T")
COMPANY: Final = "enrich_company_via_waterfall_in_clay"
PERSON: Final = "enrich_person_via_waterfall_in_clay"
STEPS: Final = ("normalize_company_domain", PERSON, COMPANY)
PERSON_FIELDS: Final = frozenset({"first_name", "last_name", "full_name", "email", "person_linkedin_url"})
PATIENCE_SECONDS: Final = 10.0
SOON_SECONDS: Final = 0.1
LEADS_PAGE: Final = 1000
STAGED_SECONDS: Final = 1_800.0
SEEN_SECONDS: Final = 60.0
DONE: Final = frozenset({"completed", "cancelled"})


@dataclass
class Campaign:
    """A client of its own, set up to use the simulator. `urls`: service name to base URL.

    What refuses raises `cli.errors.Refused`.
    """

    urls: Mapping[str, str]
    name: str = "Demo client"
    config: Mapping[str, Any] = field(default_factory=dict)
    client_id: str = ""

    def __post_init__(self) -> None:
        places = {service: Endpoint(service, url) for service, url in self.urls.items()}
        self.api = Api(places, sleep=lambda seconds: time.sleep(min(seconds, SOON_SECONDS)))

    def set_up(self, workstream: str = "apollo_scrape") -> None:
        """Register the client and point what enriches companies and people of the workstream at the simulator."""
        self.client_id = self.api.command("/v1/clients", {"name": self.name, "again": True})["client_id"]
        self._configure(workstream, {})

    def make_room(self, submissions: int, workstream: str = "apollo_scrape") -> None:
        """Let each of the simulator's webhooks take so many submissions in its life."""
        knobs = {"submission_limit": submissions}
        httpx.patch(f"{self.urls['simulator']}/settings", json=knobs, trust_env=False).raise_for_status()
        self._configure(workstream, {"max_submissions": submissions})

    def _configure(self, workstream: str, limits: Mapping[str, Any]) -> None:
        for kind, workflow in self.enrichments(workstream).items():
            config = {
                "webhook_url": f"{self.urls['simulator']}/webhook/{kind}",
                # The simulator has no limit of its own, so it is called as fast as it answers.
                "rate_per_second": 0,
                "in_flight": 64,
            }
            body = {"workstream": workstream, "config": config | dict(limits) | dict(self.config)}
            self.api.command(f"/v1/clients/{self.client_id}/configs/{workflow}", body, method="PUT")

    def enrichments(self, workstream: str) -> dict[str, str]:
        """The workflow that enriches a `company`, and the one for a `person`, as far as the workstream has them."""
        registered = self.read("ingest", "/v1/workflows")
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
            path = f"/v1/clients/{self.client_id}/uploads"
            answer = self.api.upload(path, body, workstream=workstream, filename=file.name)
        _until(
            lambda: self.read("ingest", f"/v1/uploads/{answer['upload_id']}", missing={}),
            lambda upload: upload.get("status") == "ready",
            STAGED_SECONDS, 0.02, f"the rows of {file.name} are not all staged",
        )  # fmt: skip
        return answer

    def launch(self, upload_id: str, steps: tuple[str, ...] = STEPS, rows: list[int] | None = None) -> dict[str, Any]:
        """Start a batch."""
        return self.api.command("/v1/batches", {"upload_id": upload_id, "steps": list(steps), "rows": rows})

    def batch(self, batch_id: str) -> dict[str, Any]:
        """Where the batch stands; {} while the sequencer has not seen it."""
        batch: dict[str, Any] = self.read("sequencer", f"/v1/batches/{batch_id}", missing={})
        return batch

    def seen(self, batch_id: str) -> dict[str, Any]:
        """Where the batch stands, as soon as the sequencer says it. Raises TimeoutError."""
        return _until(lambda: self.batch(batch_id), bool, SEEN_SECONDS, 0.1, f"batch {batch_id} is not seen")

    def wait(self, batch_id: str, seconds: float, every: float = 0.2) -> dict[str, Any]:
        """The batch once it has ended. Raises TimeoutError with the last picture."""
        late = f"batch {batch_id} has not ended"
        return _until(lambda: self.batch(batch_id), lambda batch: batch.get("status") in DONE, seconds, every, late)

    def leads(self, batch_id: str) -> list[Row]:
        """All leads of the batch that the projector can show now."""
        path, leads = "/v1/leads", named("leads")
        return self._patiently(lambda: self.api.pages("projector", path, leads, LEADS_PAGE, batch_id=batch_id)[0], [])

    def read(self, service: str, path: str, /, missing: Any = None, **query: Any) -> Any:
        """What a GET answers. `missing`: what a 404 or a service that is starting counts as."""
        return self._patiently(lambda: self.api.read(service, path, **query), missing)

    def _patiently(self, ask: Callable[[], T], missing: T | None) -> T:
        """What is answered, asked again for some seconds of a service that is just being restarted."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except Refused as refused:
                if missing is None or refused.status not in {404, 503}:
                    raise
                return missing
            except Unreachable:
                if time.monotonic() >= deadline:
                    if missing is None:
                        raise
                    return missing
                time.sleep(SOON_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self.api.close()


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
