"""From what a person wants launched to a blueprint that can be frozen, or a Problem that says why it cannot."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import select

from services.ingest import configuration, lookups
from services.ingest.registry import OUTPUTS
from services.ingest.store import CONFIG
from services.ingest.vocabulary import FIELDS
from services.ingest.workstreams import workstreams
from shared.envelope import Event
from shared.events import BatchLaunched, BlueprintStep, StepOptions
from shared.runtime.http import Problem
from shared.runtime.queries import Queries, Row
from shared.runtime.repeats import conflict

Step = tuple[str, StepOptions]
Configs = dict[tuple[str, str], dict[str, Any]]


@dataclass(frozen=True)
class LaunchRequest:
    """What a person asks for: an upload or some of its rows, a pipeline or ad-hoc steps, settings for this batch."""

    upload_id: str
    pipeline_id: str | None
    steps: Sequence[Step] | None
    rows: list[int] | None
    config: dict[str, dict[str, Any]]
    max_credits: float | None

    @classmethod
    def of(cls, launch: BatchLaunched) -> "LaunchRequest":
        """What was asked for by a launch: not what the registry, or a pipeline, said of the steps that day."""
        steps = [(step.workflow, StepOptions(step.configuration, step.unless)) for step in launch.blueprint]
        return cls(
            launch.upload_id, launch.pipeline_id, None if launch.pipeline_id else steps, launch.rows, launch.config,
            launch.max_credits,
        )  # fmt: skip


@dataclass(frozen=True)
class Blueprint:
    """What would be launched for which client; `missing` says which steps cannot be done for want of settings."""

    client_id: str
    launch: BatchLaunched
    missing: list[str]


async def resolve(queries: Queries, tenant_id: str, wanted: LaunchRequest) -> Blueprint:
    """The blueprint of what is wanted, by the registry, the pipelines and the configurations as they are now."""
    if wanted.pipeline_id and wanted.steps:
        raise Problem(422, "two_blueprints", "give `pipeline_id` or `steps`: with both, one would be left out")
    upload = await lookups.ready_upload(queries, tenant_id, wanted.upload_id)
    given = wanted.steps
    if wanted.pipeline_id:
        given = await lookups.pipeline_steps(queries, tenant_id, wanted.pipeline_id, upload)
    if not given:
        raise Problem(422, "no_steps", "give `pipeline_id` or `steps`: a batch needs at least one step")
    client_id, workstream = upload["client_id"], upload["workstream"]
    known = await checked(queries, tenant_id, client_id, workstream, given)
    await asyncio.to_thread(_refuse_overrides, known, [slug for slug, _ in given], wanted.config)
    steps = [_frozen(known[slug], options) for slug, options in given]
    items = await lookups.count(queries, tenant_id, upload, wanted.rows)
    launch = BatchLaunched(
        wanted.upload_id, workstream, steps, items, wanted.rows, wanted.pipeline_id, wanted.config, wanted.max_credits
    )
    return Blueprint(client_id, launch, await _missing(queries, tenant_id, client_id, launch))


async def told(queries: Queries, launched: Event, wanted: LaunchRequest) -> dict[str, Any]:
    """The answer to a launch, by its event. Refuses what was wanted under its key and is something else."""
    launch: BatchLaunched = launched.payload
    if LaunchRequest.of(launch) != wanted:
        raise conflict(launched)
    return {
        "batch_id": launched.batch_id, "items": launch.items, "blueprint": [step.workflow for step in launch.blueprint],
        "warnings": await _missing(queries, launched.tenant_id, launched.client_id, launch),
        "position": launched.position,
    }  # fmt: skip


async def checked(
    queries: Queries, tenant_id: str, client_id: str, workstream: str, steps: Sequence[Step]
) -> dict[str, Row]:
    """The workstream's workflows, after a look at every step: once each, registered, by a configuration there is."""
    slugs = [slug for slug, _ in steps]
    if repeated := sorted({slug for slug in slugs if slugs.count(slug) > 1}):
        raise Problem(422, "repeated_step", f"each step may stand once; repeated: {', '.join(repeated)}")
    known = await lookups.workflows(queries, tenant_id, workstream, slugs)
    configs = await _configs(queries, tenant_id, client_id, workstream)
    for slug, options in steps:
        name = options.configuration
        if name != "default" and (slug, name) not in configs:
            there = ", ".join(repr(other) for workflow, other in sorted(configs) if workflow == slug) or "none"
            message = f"the client has no configuration {name!r} of {slug} for {workstream}; it has: {there}"
            raise Problem(404, "unknown_configuration", message)
    _refuse_unknown_fields(known, workstream, steps)
    return known


def _refuse_unknown_fields(known: dict[str, Row], workstream: str, steps: Sequence[Step]) -> None:
    """Refuse a step that is to be skipped for a field that neither files of the workstream nor its workflows have.

    What a function that does not ship sets nobody knows: after its step a field may have any name.
    """
    kind = workstreams().get(workstream)
    names = {field.name for field in (kind.fields if kind else FIELDS)}
    names |= {name for slug, row in known.items() for name in (*row["sets"], *OUTPUTS.get(slug, ()))}
    for slug, options in steps:
        if unknown := [name for name in options.unless if name not in names]:
            near = "".join(f"; did you mean {name}?" for name in get_close_matches(unknown[0], names, n=1))
            message = f"{slug}: there is no field {unknown[0]!r} to skip it for{near or '.'}"
            raise Problem(422, "unknown_field", f"{message} There are: {', '.join(sorted(names))}")
        if known[slug]["kind"] == "SYNC" and slug not in OUTPUTS:
            return


def _frozen(workflow: Row, options: StepOptions) -> BlueprintStep:
    return BlueprintStep(
        workflow["workflow"], workflow["kind"], workflow["scope"], options.configuration, options.unless,
        workflow["credits"], workflow["sets"], workflow["reads_answers"],
    )  # fmt: skip


def _refuse_overrides(known: dict[str, Row], steps: list[str], config: dict[str, dict[str, Any]]) -> None:
    """This batch's settings have to be of its steps, and such as the client's own may be."""
    for slug, settings in config.items():
        if slug not in steps:
            message = f"`config` has settings for {slug}, which is no step here; the steps are: {', '.join(steps)}"
            raise Problem(422, "invalid_settings", message)
        if "callback_secret" in settings or "callback_secret_sha256" in settings:
            message = f"{slug}: a callback secret is the client's, not a batch's; set it with `leadstream config set`"
            raise Problem(422, "invalid_settings", message)
        if found := configuration.problems(known[slug], settings):
            raise Problem(422, "invalid_settings", f"{slug}: {'; '.join(found)}")


async def _configs(queries: Queries, tenant_id: str, client_id: str | None, workstream: str) -> Configs:
    query = select(CONFIG).where(
        CONFIG.c.client_id == client_id, CONFIG.c.workstream == workstream, CONFIG.c.removed.is_(False)
    )
    return {(row["workflow"], row["name"]): row["config"] for row in await queries.rows(tenant_id, query)}


async def _missing(queries: Queries, tenant_id: str, client_id: str | None, launch: BatchLaunched) -> list[str]:
    configs = await _configs(queries, tenant_id, client_id, launch.workstream)
    return list(_unset(launch.blueprint, configs, launch.config))


def _unset(steps: list[BlueprintStep], configs: Configs, config: dict[str, dict[str, Any]]) -> Iterable[str]:
    """A sentence for each step at a provider that nobody has said a webhook for."""
    for step in steps:
        found = configs.get((step.workflow, step.configuration), {}) | config.get(step.workflow, {})
        if step.kind == "ASYNC" and not found.get("webhook_url"):
            lacks = "no webhook_url in its configuration" if found else "no configuration"
            yield f"{step.workflow} has {lacks} for this client: its step will fail"
