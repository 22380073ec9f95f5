"""Which leads a command is about: a condition is on a column, and no name of one is in the way of anything."""

import httpx
import pytest
from typer.testing import CliRunner

from cli.addresses import Endpoint
from cli.api import Api
from cli.lead_conditions import OPTIONS
from cli.main import app
from services.projector.parameters import OF_FILES, OF_PAGES, OTHERS


def test_every_parameter_that_is_no_column_is_known() -> None:
    assert {*OPTIONS, "contradicted"} == {*OF_PAGES, *OF_FILES, *OTHERS}


@pytest.mark.parametrize("name", OPTIONS)
def test_what_has_an_option_of_its_own_is_no_column(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("cli.api.open_api", lambda _=None: Api({}))
    result = CliRunner().invoke(app, ["leads", "list", "--where", f"{name}=1"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{name} is no column of a lead" in result.stderr
    assert (OPTIONS[name] or "") in result.stderr


@pytest.mark.parametrize("command", ["list", "facets", "export", "push http://hook"])
@pytest.mark.parametrize("name", ["body", "service", "path", "self", "query"])
def test_an_unknown_name_is_for_the_service_to_refuse(monkeypatch: pytest.MonkeyPatch, command: str, name: str) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        assert request.url.params[name] == "1"
        return httpx.Response(422, json={"error": {"code": "unknown_parameter", "message": f"there is no {name!r}"}})

    places = {"projector": Endpoint("projector", "http://projector")}
    monkeypatch.setattr("cli.api.open_api", lambda _=None: Api(places, transport=httpx.MockTransport(refuse)))
    result = CliRunner().invoke(app, ["leads", *command.split(), "--where", f"{name}=1"])
    assert (result.exit_code, result.stderr) == (1, f"leadstream: there is no {name!r}\n")


def test_a_lead_says_which_customer_somebody_worked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    flags = {
        "is_new_in_role": {"source": "answer", "provider": "finder", "lent_at": "2026-01-01"},
        "is_worked_at_customer": {"source": "derived", "customer": "x.com"},
    }
    lead = dict.fromkeys(flags, True) | {"provenance": flags, "entities": [], "contradictions": None}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=lead))
    places = {"projector": Endpoint("projector", "http://projector")}
    monkeypatch.setattr("cli.api.open_api", lambda _=None: Api(places, transport=transport))
    result = CliRunner().invoke(app, ["leads", "show", "lead_" + "0" * 26])
    assert "answer, lent" in result.stdout
    assert (result.exit_code, result.stderr) == (0, "is_worked_at_customer: the customer is x.com\n")
