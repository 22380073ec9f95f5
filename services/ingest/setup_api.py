"""The tenant, clients, the registry, settings and pipelines over HTTP: made, shown, changed and taken away."""

from typing import Any, Final

from fastapi import APIRouter

from services.ingest import listings, lookups
from services.ingest.bodies import (
    FewerCustomers,
    NewBudget,
    NewClient,
    NewConfig,
    NewPipeline,
    NewTenant,
    NewWorkflow,
    steps_of,
)
from services.ingest.configuration import schema_of
from services.ingest.requests import Commands, GivenCommand
from services.ingest.shapes import OF_CLIENT, OF_CONFIG, OF_WORKFLOW, REGISTERED, SAVED, done
from shared.events import (
    BudgetSet,
    ConfigurationRemoved,
    CustomersRemoved,
    ListedCustomer,
    TenantConfigured,
    WorkflowConfigured,
    WorkflowRegistered,
    WorkflowRetired,
)
from shared.ids import parse_id
from shared.runtime.http import Asking, Fresh
from shared.runtime.shapes import FREE, NUMBER, TEXT, TRUTH, answers, identifier, many, named, perhaps

ROUTES: Final = APIRouter()


@ROUTES.put("/v1/tenant", **answers(done(share_answers=TRUTH)))
async def configure_tenant(handlers: Commands, command: GivenCommand, body: NewTenant) -> dict[str, Any]:
    """Say what the tenant allows. Without `share_answers` no client sees anything of another."""
    return await handlers.configure_tenant(command, TenantConfigured(body.share_answers))


@ROUTES.get("/v1/tenant", **answers(named("Tenant")))
async def tenant(queries: Fresh, caller: Asking) -> dict[str, Any]:
    """What the tenant allows."""
    return await listings.tenant(queries, caller.tenant_id)


@ROUTES.post("/v1/clients", status_code=201, **answers(done(**OF_CLIENT, name=TEXT, domain=perhaps(TEXT))))
async def add_client(handlers: Commands, command: GivenCommand, body: NewClient) -> dict[str, Any]:
    """Register a customer of the agency. A name that another has is refused, unless `again`."""
    return await handlers.register_client(command, body.name, body.domain, again=body.again)


@ROUTES.get("/v1/clients", **answers(many(named("Client"))))
async def clients(queries: Fresh, caller: Asking) -> list[dict[str, Any]]:
    """The tenant's clients."""
    return await listings.clients(queries, caller.tenant_id)


@ROUTES.put("/v1/clients/{client_id}/budget", **answers(done(**OF_CLIENT, max_credits=perhaps(NUMBER))))
async def set_budget(handlers: Commands, command: GivenCommand, client_id: str, body: NewBudget) -> dict[str, Any]:
    """Say what all calls for a client may cost together: a batch whose next call would cost more is paused."""
    return await handlers.set_budget(command, parse_id("client", client_id), BudgetSet(body.max_credits))


@ROUTES.post("/v1/clients/{client_id}/customers/remove", **answers(done(**OF_CLIENT)))
async def remove_customers(
    handlers: Commands, command: GivenCommand, client_id: str, body: FewerCustomers
) -> dict[str, Any]:
    """Take customers off a client's lists; its leads are held against those that are left."""
    kept, gone = (name and parse_id("import", name) for name in (body.kept_upload_id, body.upload_id))
    customers = [ListedCustomer(**each.model_dump()) for each in body.customers]
    payload = CustomersRemoved(customers, gone, kept, body.everything, body.reason)
    return await handlers.remove_customers(command, parse_id("client", client_id), payload)


@ROUTES.post("/v1/workflows", status_code=201, **answers(OF_WORKFLOW))
async def add_workflow(handlers: Commands, command: GivenCommand, body: NewWorkflow) -> dict[str, Any]:
    """Register a workflow: an ASYNC one needs nothing but configuration, a SYNC one an installed entry point."""
    payload = WorkflowRegistered(**body.model_dump() | {"title": body.title or body.workflow})
    return await handlers.register_workflow(command, payload)


@ROUTES.post("/v1/workflows/shipped", **answers(REGISTERED))
async def register_shipped(handlers: Commands, command: GivenCommand) -> dict[str, Any]:
    """Register the workflows that ship and that the registry never had: after an upgrade. Those retired stay so."""
    return await handlers.register_shipped(command)


@ROUTES.get("/v1/workflows", **answers(many(named("Workflow"))))
async def workflows(queries: Fresh, caller: Asking) -> list[dict[str, Any]]:
    """The registry."""
    return await listings.workflows(queries, caller.tenant_id)


@ROUTES.get("/v1/workflows/{workstream}/{workflow}", **answers(named("WorkflowWhole")))
async def one_workflow(queries: Fresh, caller: Asking, workstream: str, workflow: str) -> dict[str, Any]:
    """One workflow of a workstream, and the JSON Schema of its settings."""
    found = (await lookups.workflows(queries, caller.tenant_id, workstream, [workflow]))[workflow]
    return {**found, "settings_schema": schema_of(found)}


@ROUTES.delete("/v1/workflows/{workstream}/{workflow}", **answers(OF_WORKFLOW))
async def retire_workflow(handlers: Commands, command: GivenCommand, workstream: str, workflow: str) -> dict[str, Any]:
    """Take a workflow out of the registry; batches and answers that there are stay."""
    return await handlers.retire_workflow(command, WorkflowRetired(workflow, workstream))


@ROUTES.put("/v1/clients/{client_id}/configs/{workflow}", **answers(done(**OF_CONFIG, config=FREE)))
async def configure(
    handlers: Commands, command: GivenCommand, client_id: str, workflow: str, body: NewConfig
) -> dict[str, Any]:
    """Set a client's configuration for one workflow, whole. Under another name it is another: one more Clay table."""
    payload = WorkflowConfigured(workflow, body.workstream, body.config, body.name)
    return await handlers.configure(command, parse_id("client", client_id), payload)


@ROUTES.delete("/v1/clients/{client_id}/configs/{workflow}", **answers(done(**OF_CONFIG)))
async def unconfigure(
    handlers: Commands, command: GivenCommand, client_id: str, workflow: str, workstream: str, name: str = "default"
) -> dict[str, Any]:
    """Take a client's configuration of a workflow away."""
    payload = ConfigurationRemoved(workflow, workstream, name)
    return await handlers.unconfigure(command, parse_id("client", client_id), payload)


@ROUTES.get("/v1/clients/{client_id}/configs", **answers(many(named("Config"))))
async def configs(queries: Fresh, caller: Asking, client_id: str) -> list[dict[str, Any]]:
    """A client's configurations."""
    client_id = parse_id("client", client_id)
    await lookups.client(queries, caller.tenant_id, client_id)
    return await listings.configs(queries, caller.tenant_id, client_id)


@ROUTES.post("/v1/clients/{client_id}/pipelines", status_code=201, **answers(SAVED))
async def save_pipeline(handlers: Commands, command: GivenCommand, client_id: str, body: NewPipeline) -> dict[str, Any]:
    """Save a named, ordered list of unique steps; the same name again replaces it."""
    client_id = parse_id("client", client_id)
    return await handlers.save_pipeline(command, client_id, body.name, body.workstream, steps_of(body.steps))


@ROUTES.get("/v1/clients/{client_id}/pipelines", **answers(many(named("Pipeline"))))
async def pipelines(queries: Fresh, caller: Asking, client_id: str) -> list[dict[str, Any]]:
    """A client's pipelines."""
    client_id = parse_id("client", client_id)
    await lookups.client(queries, caller.tenant_id, client_id)
    return await listings.pipelines(queries, caller.tenant_id, client_id)


@ROUTES.get("/v1/pipelines/{pipeline_id}", **answers(named("PipelineWhole")))
async def one_pipeline(queries: Fresh, caller: Asking, pipeline_id: str) -> dict[str, Any]:
    """One pipeline."""
    return await lookups.pipeline(queries, caller.tenant_id, parse_id("pipe", pipeline_id))


@ROUTES.delete("/v1/pipelines/{pipeline_id}", **answers(done(pipeline_id=identifier("pipe"), name=TEXT)))
async def remove_pipeline(handlers: Commands, command: GivenCommand, pipeline_id: str) -> dict[str, Any]:
    """Take a pipeline away; batches that were launched with it go on."""
    return await handlers.remove_pipeline(command, parse_id("pipe", pipeline_id))
