"""The commands: what a person asks for becomes events, appended before the answer goes out.

A command repeated under the same idempotency key makes the same ids, so the log takes it once and the answer is the
same. Every result carries `position`: a query given it waits until it can see the command.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from services.ingest import artifacts, bad_rows, blueprints, configuration, listings, lookups, staging, uploads
from services.ingest.columns.mapping import Choices
from services.ingest.commands import Command
from services.ingest.files.reading import Limits
from services.ingest.preview import preview as previewed
from services.ingest.registry import SHIPPED
from services.ingest.workstreams import workstream as workstream_of
from shared.envelope import Event
from shared.events import (
    BatchCancelled,
    BatchPaused,
    BatchResumed,
    BudgetSet,
    ClientRegistered,
    ConfigurationRemoved,
    CustomersRemoved,
    FailedItemsRetried,
    PipelineRemoved,
    PipelineSaved,
    StepOptions,
    TenantConfigured,
    UploadReceived,
    WorkflowConfigured,
    WorkflowRegistered,
    WorkflowRetired,
)
from shared.ids import named_id
from shared.runtime import clock
from shared.runtime.appender import Appender
from shared.runtime.http import Problem
from shared.runtime.queries import Queries
from shared.runtime.repeats import first_said, given_before
from shared.runtime.settings import Settings

Control = BatchPaused | BatchResumed | BatchCancelled
Answer = dict[str, Any]
Body = AsyncIterator[bytes]


@dataclass(frozen=True)
class Handlers:
    """The commands of one process."""

    settings: Settings
    queries: Queries
    appender: Appender

    async def configure_tenant(self, command: Command, payload: TenantConfigured) -> Answer:
        """Say what the tenant allows."""
        position = await self._append(command, payload)
        return {"share_answers": payload.share_answers, "position": position}

    async def register_client(self, command: Command, name: str, domain: str | None, *, again: bool = False) -> Answer:
        """Register a customer of the agency. A tenant's first brings the workflows that ship, before it in the log."""
        client_id, event_id = command.make_id("client", "client"), command.make_id("evt", "ClientRegistered")
        if not again:  # two who ask for one name at once, before the state has either, get one client
            client_id = named_id("client", command.tenant_id, lookups.folded(name))
            await lookups.name_is_free(self.queries, command.tenant_id, name, event_id)
        event = command.event(ClientRegistered(name, domain), event_id, client_id=client_id)
        had = await listings.ever_registered(self.queries, command.tenant_id)
        position = await self._say(command, [event] if had else [*_shipped(command, had), event])
        return {"client_id": client_id, "name": name, "domain": domain, "position": position}

    async def register_workflow(self, command: Command, payload: WorkflowRegistered) -> Answer:
        """Register a workflow, or change what the registry says of it. Raises UnknownWorkstream."""
        workstream_of(payload.workstream)
        if wrong := await asyncio.to_thread(configuration.schema_problem, payload.kind, payload.settings):
            raise Problem(422, "invalid_schema", wrong)
        position = await self._append(command, payload)
        return {"workflow": payload.workflow, "workstream": payload.workstream, "position": position}

    async def register_shipped(self, command: Command) -> Answer:
        """Register the workflows that ship and that the registry never had: those that came with an upgrade."""
        new = _shipped(command, await listings.ever_registered(self.queries, command.tenant_id))
        told = [{"workflow": event.payload.workflow, "workstream": event.payload.workstream} for event in new]
        return {"registered": told} | ({"position": await self.appender.append(new)} if new else {})

    async def retire_workflow(self, command: Command, payload: WorkflowRetired) -> Answer:
        """Take a workflow out of the registry."""
        if not await self._given(command, payload):
            await lookups.workflows(self.queries, command.tenant_id, payload.workstream, [payload.workflow])
        position = await self._append(command, payload)
        return {"workflow": payload.workflow, "workstream": payload.workstream, "position": position}

    async def configure(self, command: Command, client_id: str, payload: WorkflowConfigured) -> Answer:
        """Replace a client's settings of that name. A callback secret is kept as its digest only."""
        workflow = payload.workflow
        if not await self._given(command, payload, client_id=client_id):
            await lookups.client(self.queries, command.tenant_id, client_id)
            known = await lookups.workflows(self.queries, command.tenant_id, payload.workstream, [workflow])
            if wrong := await asyncio.to_thread(configuration.problems, known[workflow], payload.config):
                raise Problem(422, "invalid_settings", f"{workflow}: {'; '.join(wrong)}")
        config = dict(payload.config)
        if secret := config.pop("callback_secret", None):
            config["callback_secret_sha256"] = hashlib.sha256(str(secret).encode()).hexdigest()
        position = await self._append(command, replace(payload, config=config), client_id=client_id)
        about = {"client_id": client_id, "workflow": workflow, "name": payload.name}
        return about | {"config": config, "position": position}

    async def unconfigure(self, command: Command, client_id: str, payload: ConfigurationRemoved) -> Answer:
        """Take a client's settings of that name away."""
        if not await self._given(command, payload, client_id=client_id):
            await lookups.client(self.queries, command.tenant_id, client_id)
            await lookups.configured(self.queries, command.tenant_id, client_id, payload)
        position = await self._append(command, payload, client_id=client_id)
        return {"client_id": client_id, "workflow": payload.workflow, "name": payload.name, "position": position}

    async def save_pipeline(
        self, command: Command, client_id: str, name: str, workstream: str, steps: Sequence[blueprints.Step]
    ) -> Answer:
        """Save under the client and name: the same name again replaces it."""
        pipeline_id = named_id("pipe", client_id, workstream, name)
        options = {slug: chosen for slug, chosen in steps if chosen != StepOptions()}
        payload = PipelineSaved(pipeline_id, name, workstream, [slug for slug, _ in steps], options)
        if not await self._given(command, payload, client_id=client_id):
            await lookups.client(self.queries, command.tenant_id, client_id)
            await blueprints.checked(self.queries, command.tenant_id, client_id, workstream, steps)
        position = await self._append(command, payload, client_id=client_id)
        told = {"pipeline_id": pipeline_id, "name": name, "workstream": workstream, "steps": payload.steps}
        return told | {"options": {slug: asdict(chosen) for slug, chosen in options.items()}, "position": position}

    async def remove_pipeline(self, command: Command, pipeline_id: str) -> Answer:
        """Take a pipeline away."""
        found = await lookups.pipeline(self.queries, command.tenant_id, pipeline_id, removed=True)
        payload, about = PipelineRemoved(pipeline_id), {"client_id": found["client_id"]}
        if not await self._given(command, payload, **about):
            await lookups.pipeline(self.queries, command.tenant_id, pipeline_id)
        position = await self._append(command, payload, **about)
        return {"pipeline_id": pipeline_id, "name": found["name"], "position": position}

    async def preview(
        self, command: Command, client_id: str | None, workstream: str | None, chosen: Mapping[str, str], body: Body
    ) -> Answer:
        """What an upload of the file would do; nothing is kept. With a client, what was chosen for it counts."""
        remembered = await self._remembered(command, client_id) if client_id else {}
        received, _, _ = await artifacts.receive(self.settings.artifacts, body, self.settings.upload_max_bytes)
        try:
            limits = Limits.of(self.settings)
            return await artifacts.read(previewed, received, workstream, limits, chosen, remembered)
        finally:
            received.unlink(missing_ok=True)

    async def upload(self, command: Command, client_id: str, sent: uploads.Sent, body: Body) -> uploads.Taken:
        """Keep the file and stage its rows. The same content twice is noticed and not doubled, unless `again`."""
        definition = workstream_of(sent.workstream)
        remembered = await self._remembered(command, client_id)
        choices = Choices(sent.chosen, remembered.get(sent.workstream, {}))
        folder = self.settings.artifacts
        received, length, digest = await artifacts.receive(folder, body, self.settings.upload_max_bytes)
        try:
            name = sent.name(client_id, digest, command.key)
            known = await listings.upload(self.queries, command.tenant_id, name)
            if known and known["status"] == "ready":
                return uploads.answer(known, None, await lookups.staged_at(self.queries, command.tenant_id, name))
            event_id = sent.event_id(client_id, name, command.key)
            first = await lookups.begun(self.queries, command.tenant_id, name, event_id)
            begun = first and first.payload
            limits = Limits.of(self.settings)
            found = await artifacts.read(uploads.survey, received, definition, limits, choices, begun)
            day = clock.now().date()
            key = begun.artifact if begun else artifacts.import_key(command.tenant_id, name, sent.filename, day)
            path = await asyncio.to_thread(artifacts.keep, folder, received, key)
        finally:
            received.unlink(missing_ok=True)
        payload = begun or uploads.received(name, sent.filename, length, digest, key, found)
        if sent.chosen:
            said = named_id("evt", name, "mapping")
            await self.appender.append([command.event(sent.mapping_chosen, said, client_id=client_id)])
        position = await self._stage(command, client_id, payload, path, found, first.id if first else event_id)
        return uploads.answer(asdict(payload), found, position)

    async def _remembered(self, command: Command, client_id: str) -> dict[str, dict[str, str]]:
        """What was chosen for a client's earlier files: for a workstream, field to header."""
        await lookups.client(self.queries, command.tenant_id, client_id)
        found: dict[str, dict[str, str]] = {}
        for row in await listings.chosen_columns(self.queries, command.tenant_id, client_id):
            found.setdefault(row["workstream"], {})[row["field"]] = row["header"]
        return found

    async def bad_rows(self, upload: dict[str, Any]) -> Iterator[str]:
        """The bad rows of an upload as CSV, line by line, read anew from its file."""
        path = self.settings.artifacts / upload["artifact"]
        lines = bad_rows.as_csv(path, upload["workstream"], upload["mapping"], Limits.of(self.settings))
        try:
            first = await artifacts.read(next, lines)
        except FileNotFoundError:
            message = f"the file of upload {upload['upload_id']} is no longer kept; upload it again"
            raise Problem(404, "file_gone", message) from None
        return chain([first], lines)

    async def blueprint(self, command: Command, wanted: blueprints.LaunchRequest) -> Answer:
        """What a launch would freeze, and which steps lack settings; nothing is launched."""
        found = await blueprints.resolve(self.queries, command.tenant_id, wanted)
        return {"client_id": found.client_id, **asdict(found.launch), "missing": found.missing}

    async def launch(self, command: Command, wanted: blueprints.LaunchRequest) -> Answer:
        """Start a batch over an upload, or some of its rows, with a saved pipeline or an ad-hoc list of steps."""
        tenant_id, batch_id = command.tenant_id, command.make_id("batch", "launch")
        first = await lookups.launched(self.queries, tenant_id, batch_id)
        if first is None:
            found = await blueprints.resolve(self.queries, tenant_id, wanted)
            about = {"client_id": found.client_id, "batch_id": batch_id}
            await self.appender.append([command.event(found.launch, named_id("evt", batch_id, "launched"), **about)])
            first = await lookups.launched(self.queries, tenant_id, batch_id)
        assert first
        return await blueprints.told(self.queries, first, wanted)

    async def set_budget(self, command: Command, client_id: str, payload: BudgetSet) -> Answer:
        """Say what all calls for a client may cost together."""
        await lookups.client(self.queries, command.tenant_id, client_id)
        position = await self._append(command, payload, client_id=client_id)
        return {"client_id": client_id, "max_credits": payload.max_credits, "position": position}

    async def remove_customers(self, command: Command, client_id: str, payload: CustomersRemoved) -> Answer:
        """Take customers off a client's lists."""
        await lookups.client(self.queries, command.tenant_id, client_id)
        for upload_id in filter(None, (payload.upload_id, payload.kept_upload_id)):
            await lookups.upload(self.queries, command.tenant_id, client_id, upload_id)
        if not (payload.everything or payload.customers or payload.upload_id or payload.kept_upload_id):
            message = "say which: `customers`, `upload_id` or `kept_upload_id`; for all of them `everything`: true"
            raise Problem(422, "empty_filter", message)
        position = await self._append(command, payload, client_id=client_id)
        return {"client_id": client_id, "position": position}

    async def control(self, command: Command, batch_id: str, action: str, payload: Control) -> Answer:
        """Pause, resume or cancel a batch: one that has ended can only be cancelled."""
        batch = await lookups.batch(self.queries, command.tenant_id, batch_id)
        about = {"client_id": batch["client_id"], "batch_id": batch_id}
        if not isinstance(payload, BatchCancelled):
            await lookups.goes_on(self.queries, command.tenant_id, batch_id, command.event_id(payload, about))
        position = await self._append(command, payload, **about)
        return {"batch_id": batch_id, "action": action, "position": position}

    async def retry(self, command: Command, batch_id: str, payload: FailedItemsRetried) -> Answer:
        """Have failed items of a batch take their step again, or go on without it."""
        batch = await lookups.batch(self.queries, command.tenant_id, batch_id)
        if not (payload.everything or payload.items or payload.workflow or payload.codes):
            message = "say which failed items: `items`, `workflow` or `codes`; for all of them `everything`: true"
            raise Problem(422, "empty_filter", message)
        await lookups.parts_of(self.queries, command.tenant_id, batch_id, payload.items, payload.workflow)
        about = {"client_id": batch["client_id"], "batch_id": batch_id}
        await lookups.not_cancelled(self.queries, command.tenant_id, batch_id, command.event_id(payload, about))
        position = await self._append(command, payload, **about)
        return {"batch_id": batch_id, "action": "skip" if payload.skip else "retry", "position": position}

    async def _given(self, command: Command, payload: Any, **about: str | None) -> bool:
        """Whether the command was given before, under the same key: it was right then, whatever is there by now."""
        event_id = command.event_id(payload, about)
        return bool(command.key) and await given_before(self.queries, command.tenant_id, event_id) is not None

    async def _append(self, command: Command, payload: Any, **about: str | None) -> int:
        return await self._say(command, [command.event(payload, command.event_id(payload, about), **about)])

    async def _say(self, command: Command, events: Sequence[Event]) -> int:
        position = await self.appender.append(events)
        return await first_said(self.queries, events[-1]) if command.key else position

    async def _stage(
        self, command: Command, client_id: str, payload: UploadReceived, path: Path, found: staging.Survey, first: str
    ) -> int:
        about = {"client_id": client_id, "entity_id": payload.upload_id}
        position = await self.appender.append([command.event(payload, first, **about)])
        if command.key:  # two files at once under one key: the rows of one are staged
            await lookups.begun(self.queries, command.tenant_id, payload.upload_id, first)
        chunks = staging.staged(path, found, payload.upload_id)
        number = 0
        while (chunk := await artifacts.read(next, chunks, None)) is not None:
            number += 1
            event_id = named_id("evt", payload.upload_id, "rows", str(number))
            position = await self.appender.append([command.event(chunk, event_id, **about)])
        return position


def _shipped(command: Command, had: Set[tuple[str, str]]) -> list[Event]:
    """The registrations of what ships and is not among those (workstream, slug); the same events each time."""
    return [
        command.event(new, named_id("evt", command.tenant_id, "shipped", new.workstream, new.workflow))
        for new in SHIPPED
        if (new.workstream, new.workflow) not in had
    ]
