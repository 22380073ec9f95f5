"""The commands: what a person asks for becomes events, appended before the answer goes out.

A command repeated under the same idempotency key makes the same ids, so the log takes it once and the answer is the
same. Every result carries `position`: a query given it waits until it can see the command.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from services.ingest import artifacts, staging
from services.ingest.reading import Limits
from services.ingest.store import CLIENT, CONFIG, PIPELINE, UPLOAD, WORKFLOW
from services.ingest.workstreams import workstream as workstream_of
from shared.envelope import Event
from shared.events import (
    BatchCancelled,
    BatchLaunched,
    BatchPaused,
    BatchResumed,
    BlueprintStep,
    ClientRegistered,
    PipelineSaved,
    UploadReceived,
    WorkflowConfigured,
    WorkflowRegistered,
    event_type,
)
from shared.ids import named_id, new_id
from shared.runtime.appender import Appender
from shared.runtime.http import Caller, Problem
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings

CONTROLS: Final = {"pause": BatchPaused, "resume": BatchResumed, "cancel": BatchCancelled}
Answer = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """Who asks, and under which key; without a key every command is a new one."""

    caller: Caller
    key: str | None = None

    def make_id(self, prefix: str, *names: str) -> str:
        """The id of what the command makes: the same for the same key."""
        return named_id(prefix, self.caller.tenant_id, self.key, *names) if self.key else new_id(prefix)


@dataclass(frozen=True)
class Handlers:
    """The commands of one process."""

    settings: Settings
    queries: Queries
    appender: Appender

    async def register_client(self, command: Command, name: str, domain: str | None) -> Answer:
        client_id = command.make_id("client", "client")
        position = await self._append(command, ClientRegistered(name, domain), client_id=client_id)
        return {"client_id": client_id, "name": name, "domain": domain, "position": position}

    async def register_workflow(self, command: Command, payload: WorkflowRegistered) -> Answer:
        position = await self._append(command, payload)
        return {"workflow": payload.workflow, "workstream": payload.workstream, "position": position}

    async def configure(self, command: Command, client_id: str, payload: WorkflowConfigured) -> Answer:
        """Replace a client's settings. A callback secret is kept as its digest only."""
        await self._client(command, client_id)
        await self._workflows(command, payload.workstream, [payload.workflow])
        config = dict(payload.config)
        if secret := config.pop("callback_secret", None):
            config["callback_secret_sha256"] = hashlib.sha256(str(secret).encode()).hexdigest()
        payload = WorkflowConfigured(payload.workflow, payload.workstream, config)
        position = await self._append(command, payload, client_id=client_id)
        return {"client_id": client_id, "workflow": payload.workflow, "config": config, "position": position}

    async def save_pipeline(
        self, command: Command, client_id: str, name: str, workstream: str, steps: list[str]
    ) -> Answer:
        """Save under the client and name: the same name again replaces it."""
        await self._client(command, client_id)
        await self._blueprint(command, workstream, steps)
        pipeline_id = named_id("pipe", client_id, workstream, name)
        payload = PipelineSaved(pipeline_id, name, workstream, steps)
        position = await self._append(command, payload, client_id=client_id)
        return {"pipeline_id": pipeline_id, "name": name, "steps": steps, "position": position}

    async def upload(
        self,
        command: Command,
        client_id: str,
        workstream: str,
        filename: str,
        body: AsyncIterator[bytes],
        again: bool,
    ) -> Answer:
        """Keep the file and stage its rows. The same content twice is noticed and not doubled, unless `again`."""
        await self._client(command, client_id)
        definition = workstream_of(workstream)
        folder = self.settings.artifacts
        received, length, digest = await artifacts.receive(folder, body, self.settings.upload_max_bytes)
        try:
            name = new_id("import") if again else named_id("import", client_id, workstream, digest)
            known = await self._rows(command, select(UPLOAD).where(UPLOAD.c.upload_id == name))
            if known and known[0]["status"] == "ready":
                return _described(known[0]) | {"duplicate": True, "position": 0}
            limits = Limits(file_bytes=self.settings.upload_max_bytes)
            found = await asyncio.to_thread(staging.survey, received, definition, limits)
            key = artifacts.import_key(command.caller.tenant_id, name, filename, datetime.now(UTC).date())
            path = await asyncio.to_thread(artifacts.keep, folder, received, key)
        finally:
            received.unlink(missing_ok=True)
        payload = _received(name, filename, length, digest, key, found)
        position = await self._stage(command, client_id, payload, path, found)
        return _described(_summary(payload)) | {
            "duplicate": False, "warnings": found.warnings, "sample": found.sample, "position": position,
        }  # fmt: skip

    async def launch(
        self,
        command: Command,
        upload_id: str,
        pipeline_id: str | None,
        steps: list[str] | None,
        rows: list[int] | None,
        config: dict[str, dict[str, Any]],
    ) -> Answer:
        """Start a batch over an upload, or some of its rows, with a saved pipeline or an ad-hoc list of steps."""
        upload = await self._upload(command, upload_id)
        if pipeline_id:
            steps = await self._pipeline_steps(command, pipeline_id, upload)
        if not steps:
            raise Problem(422, "no_steps", "give `pipeline_id` or `steps`: a batch needs at least one step")
        blueprint = await self._blueprint(command, upload["workstream"], steps)
        items = await self._count(command, upload, rows)
        batch_id = command.make_id("batch", "launch")
        payload = BatchLaunched(upload_id, upload["workstream"], blueprint, items, rows, pipeline_id, config)
        position = await self._append(command, payload, client_id=upload["client_id"], batch_id=batch_id)
        return {
            "batch_id": batch_id, "items": items, "blueprint": steps, "position": position,
            "warnings": await self._unconfigured(command, upload, blueprint, config),
        }  # fmt: skip

    async def control(self, command: Command, batch_id: str, client_id: str, action: str, reason: str) -> Answer:
        """Pause, resume or cancel a batch."""
        position = await self._append(command, CONTROLS[action](reason), client_id=client_id, batch_id=batch_id)
        return {"batch_id": batch_id, "action": action, "position": position}

    async def _append(self, command: Command, payload: Any, **about: str | None) -> int:
        whom = [name for name in about.values() if name]
        event_id = command.make_id("evt", event_type(type(payload)).name, *whom)
        return await self.appender.append([_event(command, payload, event_id, **about)])

    async def _stage(
        self, command: Command, client_id: str, payload: UploadReceived, path: Path, found: staging.Survey
    ) -> int:
        first = named_id("evt", payload.upload_id, "received")
        position = await self.appender.append(
            [_event(command, payload, first, client_id=client_id, entity_id=payload.upload_id)]
        )
        chunks = staging.staged(path, found, payload.upload_id)
        number = 0
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            number += 1
            event_id = named_id("evt", payload.upload_id, "rows", str(number))
            position = await self.appender.append(
                [_event(command, chunk, event_id, client_id=client_id, entity_id=payload.upload_id)]
            )
        return position

    async def _rows(self, command: Command, query: Any) -> list[dict[str, Any]]:
        return await self.queries.rows(command.caller.tenant_id, query)

    async def _client(self, command: Command, client_id: str) -> None:
        if not await self._rows(command, select(CLIENT.c.client_id).where(CLIENT.c.client_id == client_id)):
            raise Problem(
                404,
                "unknown_client",
                f"no client {client_id}; `leadstream client list` shows those there are",
            )

    async def _upload(self, command: Command, upload_id: str) -> dict[str, Any]:
        found = await self._rows(command, select(UPLOAD).where(UPLOAD.c.upload_id == upload_id))
        if not found:
            raise Problem(404, "unknown_upload", f"no upload {upload_id}")
        if found[0]["status"] != "ready":
            message = (
                f"upload {upload_id} has {found[0]['staged']} of {found[0]['rows']} rows staged; send the file again"
            )
            raise Problem(409, "upload_not_ready", message)
        return found[0]

    async def _pipeline_steps(self, command: Command, pipeline_id: str, upload: dict[str, Any]) -> list[str]:
        found = await self._rows(command, select(PIPELINE).where(PIPELINE.c.pipeline_id == pipeline_id))
        if not found or found[0]["client_id"] != upload["client_id"]:
            raise Problem(404, "unknown_pipeline", f"client {upload['client_id']} has no pipeline {pipeline_id}")
        if found[0]["workstream"] != upload["workstream"]:
            raise Problem(
                409, "other_workstream",
                f"the pipeline is for {found[0]['workstream']}, the upload for {upload['workstream']}",
            )  # fmt: skip
        return list(found[0]["steps"])

    async def _blueprint(self, command: Command, workstream: str, steps: list[str]) -> list[BlueprintStep]:
        repeated = sorted({step for step in steps if steps.count(step) > 1})
        if repeated:
            raise Problem(422, "repeated_step", f"each step may stand once; repeated: {', '.join(repeated)}")
        known = await self._workflows(command, workstream, steps)
        return [BlueprintStep(step, known[step]["kind"], known[step]["scope"]) for step in steps]

    async def _workflows(self, command: Command, workstream: str, slugs: Iterable[str]) -> dict[str, dict[str, Any]]:
        rows = await self._rows(command, select(WORKFLOW).where(WORKFLOW.c.workstream == workstream))
        known = {row["workflow"]: row for row in rows}
        for slug in slugs:
            if slug not in known:
                there = ", ".join(sorted(known)) or "none; register a client first"
                raise Problem(
                    404,
                    "unknown_workflow",
                    f"workstream {workstream} has no workflow {slug}; it has: {there}",
                )
        return known

    async def _count(self, command: Command, upload: dict[str, Any], rows: list[int] | None) -> int:
        if not upload["rows"]:
            raise Problem(422, "no_rows", f"upload {upload['upload_id']} has no good rows to launch")
        if rows is None:
            return int(upload["rows"])
        if not rows:
            raise Problem(422, "no_rows", "`rows` is empty: leave it out for all rows, or name some")
        return await self._selected(command, upload["upload_id"], rows)

    async def _selected(self, command: Command, upload_id: str, rows: list[int]) -> int:
        from services.ingest.store import ROW

        query = select(ROW.c.row).where(ROW.c.upload_id == upload_id, ROW.c.row.in_(rows))
        found = {row["row"] for row in await self._rows(command, query)}
        missing = sorted(set(rows) - found)
        if missing:
            raise Problem(422, "unknown_rows", f"the upload has no good rows {missing[:10]}")
        return len(found)

    async def _unconfigured(
        self, command: Command, upload: dict[str, Any], blueprint: list[BlueprintStep], config: dict[str, Any]
    ) -> list[str]:
        query = select(CONFIG.c.workflow).where(
            CONFIG.c.client_id == upload["client_id"], CONFIG.c.workstream == upload["workstream"]
        )
        known = {row["workflow"] for row in await self._rows(command, query)} | set(config)
        return [
            f"{step.workflow} has no configuration for this client: its step will fail"
            for step in blueprint
            if step.kind == "ASYNC" and step.workflow not in known
        ]


def _event(command: Command, payload: Any, event_id: str, **about: str | None) -> Event:
    entry = event_type(type(payload))
    return Event(
        id=event_id, type=entry.name, version=entry.version, tenant_id=command.caller.tenant_id,
        occurred_at=datetime.now(UTC), actor=command.caller.actor,
        correlation_id=about.get("batch_id") or event_id, payload=payload, **about,  # type: ignore[arg-type]
    )  # fmt: skip


def _received(
    upload_id: str, filename: str, length: int, digest: str, artifact: str, found: staging.Survey
) -> UploadReceived:
    mapping = {target: match.header for target, match in found.mapping.targets.items()}
    return UploadReceived(
        upload_id, found.workstream.slug, Path(filename).name, length, digest, artifact, list(found.shape.headers),
        mapping, found.mapping.unmapped, found.good, found.bad_count, found.bad_rows,
    )  # fmt: skip


def _summary(payload: UploadReceived) -> dict[str, Any]:
    return {
        "upload_id": payload.upload_id, "filename": payload.filename, "rows": payload.rows, "mapping": payload.mapping,
        "unmapped": payload.unmapped, "bad_row_count": payload.bad_row_count,
        "bad_rows": [{"row": bad.row, "reason": bad.reason} for bad in payload.bad_rows],
    }  # fmt: skip


def _described(upload: dict[str, Any]) -> dict[str, Any]:
    names = ("upload_id", "filename", "rows", "mapping", "unmapped", "bad_row_count", "bad_rows")
    return {name: upload[name] for name in names}
