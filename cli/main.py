"""The `leadstream` command: what there is, put together. Each command imports what it needs when it runs."""

import typer

from cli.commands import (
    answers,
    batches,
    clients,
    configs,
    customers,
    dead_letters,
    demo,
    doctor,
    history,
    inbox,
    launch,
    leads,
    log_files,
    outbound,
    people,
    pipelines,
    preview,
    pushes,
    rebuild,
    repair,
    reproject,
    servers,
    tenants,
    uploads,
    verify,
    why,
    workflows,
)
from cli.errors import Commands

SETUP, RUN, RESULTS, OPERATE = "Set up", "Run", "Results", "Operate"
app = typer.Typer(
    name="leadstream",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Lead lists in, every company and person paid for once, a table out that the log can rebuild.",
)
for running in (demo.demo, servers.up, servers.service, servers.relay, servers.simulator, servers.provision):
    app.command()(running)
for name, group in (
    ("tenant", tenants.app),
    ("client", clients.app),
    ("workflow", workflows.app),
    ("config", configs.app),
    ("pipeline", pipelines.app),
    ("customers", customers.app),
):
    app.add_typer(group, name=name, rich_help_panel=SETUP)
for command in (
    preview.preview,
    uploads.upload,
    uploads.uploads,
    uploads.bad_rows,
    launch.launch,
    batches.status,
    batches.items,
):
    app.command(rich_help_panel=RUN)(command)
app.add_typer(batches.app, name="batch", rich_help_panel=RUN)
app.add_typer(leads.app, name="leads", rich_help_panel=RESULTS)
app.add_typer(pushes.app, name="pushes", rich_help_panel=RESULTS)
app.add_typer(people.app, name="people", rich_help_panel=RESULTS)
app.command(rich_help_panel=RESULTS)(history.history)
app.command(rich_help_panel=RESULTS)(why.why)
app.command(rich_help_panel=OPERATE)(doctor.doctor)
app.command(rich_help_panel=OPERATE)(verify.verify)
app.command(rich_help_panel=OPERATE)(rebuild.rebuild)
app.command(rich_help_panel=OPERATE)(reproject.reproject)
app.command(rich_help_panel=OPERATE)(repair.repair)
app.command(rich_help_panel=OPERATE)(outbound.dispatches)
app.command(rich_help_panel=OPERATE)(outbound.webhooks)
app.add_typer(answers.app, name="answers", rich_help_panel=OPERATE)
app.add_typer(inbox.app, name="inbox", rich_help_panel=OPERATE)
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel=OPERATE)
app.add_typer(log_files.app, name="log", rich_help_panel=OPERATE)


def main() -> None:
    """The installed entry point."""
    app()


if __name__ == "__main__":
    main()
