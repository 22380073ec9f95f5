"""What the HTTP APIs answer is what their documents say: bodies of errors, content types, files, tokens."""

from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest

from docs.generate.services import built
from services.callbacks.api import BY_SECRET, BY_TOKEN, SECRET_HEADER
from services.projector.formats import FORMATS
from shared.runtime.settings import SERVICES

REFUSED = [
    ("ingest", "GET", "/v1/uploads/x", 422), ("ingest", "POST", "/v1/batches", 422),
    ("ingest", "PUT", "/v1/clients", 405),
    ("sequencer", "GET", "/v1/batches?status=x", 422), ("dispatcher", "GET", "/v1/costs/batch_x", 422),
    ("projector", "GET", "/v1/leads?limit=0", 422), ("projector", "GET", "/v1/leads/export?limit=5", 422),
    ("callbacks", "GET", "/v1/rejected-callbacks?limit=0", 422),
]  # fmt: skip


def document(service: str) -> dict[str, Any]:
    found: dict[str, Any] = built(service).http.openapi()
    return found


def operations(service: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document(service)["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


async def asked(service: str, method: str, path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(built(service).http)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, headers=headers)


@pytest.mark.parametrize("service", SERVICES)
def test_every_refusal_is_documented_in_the_one_shape(service: str) -> None:
    assert "HTTPValidationError" not in document(service)["components"]["schemas"]
    for method, path, operation in operations(service):
        refusals = {status: said for status, said in operation["responses"].items() if status[0] in "45"}
        always = {"401", "503"} if path == BY_TOKEN else {"401", "422", "503"}
        assert refusals.keys() >= always, (method, path)
        for status, said in refusals.items():
            schema = said["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}, (method, path, status)


@pytest.mark.parametrize("service", SERVICES)
def test_what_every_route_answers_is_documented(service: str) -> None:
    for method, path, operation in operations(service):
        (content,) = (said["content"] for status, said in operation["responses"].items() if status[0] == "2")
        assert content, (method, path)
        for kind, said in content.items():
            assert said["schema"].keys() & {"$ref", "items", "properties"} or kind != "application/json", (method, path)


@pytest.mark.parametrize(("service", "method", "path", "status"), REFUSED)
async def test_refusals_are_as_documented(service: str, method: str, path: str, status: int) -> None:
    answer = await asked(service, method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    whole = document(service)
    jsonschema.validate(answer.json(), {"$ref": "#/components/schemas/Error", "components": whole["components"]})
    assert answer.json().keys() == {"error"}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_parameter_that_a_route_has_not_is_refused_and_those_it_has_are_told(service: str) -> None:
    for method, path, operation in operations(service):
        if "HTTPBearer" not in str(operation.get("security")):
            continue  # what others send there is theirs
        known = sorted(each["name"] for each in operation.get("parameters", ()) if each["in"] == "query")
        assert method != "get" or "at_position" in known, "whoever has given a command may read what came of it"
        answer = await asked(service, method.upper(), f"{path.replace('{', '').replace('}', '')}?nosuch=1")
        code, message = answer.json()["error"].values()
        assert (answer.status_code, code) == (422, "unknown_parameter"), (method, path)
        assert message == f"there is no 'nosuch' here; parameters are: {', '.join(known) or 'none'}"


@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_has_a_content_type_and_every_route_that_asks_for_a_token_says_so(service: str) -> None:
    assert document(service)["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for method, path, operation in operations(service):
        told = {status: said.get("content") for status, said in operation["responses"].items()}
        assert all(told.values()), (method, path, told)
        own_token = "callbacks/" in path and service == "callbacks" and method == "post" and "rejected" not in path
        assert own_token or operation["security"] == [{"HTTPBearer": []}], (method, path)


def test_callbacks_document_what_they_ask_for_and_what_each_refuses() -> None:
    paths = document("callbacks")["paths"]
    by_token, by_secret = (paths[path]["post"] for path in (BY_TOKEN, BY_SECRET))
    told = {(each["in"], each["name"], each["required"]) for each in by_secret["parameters"]}
    assert told == {("path", "client_id", True), ("path", "workflow", True), ("header", SECRET_HEADER, True)}
    assert by_token["responses"].keys() - by_secret["responses"].keys() == {"410"}
    assert by_secret["responses"].keys() - by_token["responses"].keys() == {"404", "422"}


def test_files_are_documented_as_files() -> None:
    paths = document("projector")["paths"]
    export = paths["/v1/leads/export"]["get"]["responses"]["200"]["content"]
    assert export.keys() == {form.media_type.partition(";")[0] for form in FORMATS.values()}
    paths = document("ingest")["paths"]
    assert paths["/v1/uploads/{upload_id}/bad-rows"]["get"]["responses"]["200"]["content"].keys() == {"text/csv"}
    for path in ("/v1/clients/{client_id}/uploads", "/v1/preview"):
        assert paths[path]["post"]["requestBody"]["content"].keys() == {"application/octet-stream"}
