"""Rubbish at every door: a clear refusal each time, and nothing lost or half-written."""

import csv
import io

import httpx
import pytest

from cli.campaign import COMPANY, Campaign
from cli.errors import Refused
from tests.e2e.patience import eventually

ROUTE = "/v1/clients/{client}/uploads?workstream={workstream}&filename=list.csv"


def post(campaign: Campaign, body: bytes, workstream: str = "apollo_scrape") -> httpx.Response:
    path = ROUTE.format(client=campaign.client_id, workstream=workstream)
    return httpx.post(campaign.urls["ingest"] + path, content=body, timeout=60)


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (b"", "unreadable_file", "empty"),
        (b"First Name,Last Name,Company\n", "unreadable_file", "row"),
        (b"PK\x03\x04" + bytes(200), "unreadable_file", "workbook"),
        (b"\x89PNG\r\n\x1a\n" + bytes(300), "unreadable_file", ""),
        (b"<html><body>Not found</body></html>", "unreadable_file", ""),
        (b"Colour,Size\nred,XL\n", "missing_column", "First Name"),
    ],
)
def test_a_file_that_cannot_be_used(campaign, body: bytes, code: str, says: str):
    answer = post(campaign, body)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    assert says.lower() in error["message"].lower()
    assert campaign.read("ingest", f"/v1/clients/{campaign.client_id}/uploads") == []


def test_unknown_names_are_told(campaign, people):
    assert post(campaign, b"First Name\nAnn\n", "no_such_workstream").status_code == 404
    upload = campaign.upload(people([("Ann", "Ash")]))
    with pytest.raises(Refused, match="has no workflow no_such_step; it has: "):
        campaign.launch(upload["upload_id"], ("no_such_step",))
    with pytest.raises(Refused, match="each step may stand once"):
        campaign.launch(upload["upload_id"], (COMPANY, COMPANY))
    with pytest.raises(Refused, match="no good rows"):
        campaign.launch(upload["upload_id"], (COMPANY,), rows=[99])


def test_bad_rows_are_kept_aside_with_reasons(campaign, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("First Name,Last Name,Company\nAnn,Lee,Acme\n,,Nobody Inc\nBob,Ray,Beta\n")
    upload = campaign.upload(file)
    assert (upload["rows"], upload["bad_row_count"]) == (2, 1)
    assert upload["bad_rows"][0]["row"] == 2
    assert upload["bad_rows"][0]["reason"]


def test_bad_rows_are_mended_and_uploaded_again(campaign, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("First Name,Last Name,Company,Note\nAnn,Lee,Acme,\n,,Nobody,=1+1\nBob,Ray,Beta,x,too much\n")
    upload = campaign.upload(file)
    answer = httpx.get(f"{campaign.urls['ingest']}/v1/uploads/{upload['upload_id']}/bad-rows")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert header == ["leadstream_reason", "First Name", "Last Name", "Company", "Note"]
    assert [row[1:] for row in rows] == [["", "", "Nobody", "'=1+1"], ["Bob", "Ray", "Beta", "x", "too much"]]
    assert "it has only 'Company'" in rows[0][0]
    assert "the first cell too many is 'too much'" in rows[1][0]
    file.write_text(answer.text.replace(",,,Nobody", ",No,Body,Nobody").replace(",too much", ""), newline="")
    mended = campaign.upload(file)
    assert (mended["rows"], mended["bad_row_count"], mended["mapping"]) == (2, 0, upload["mapping"])
    found = campaign.read("ingest", f"/v1/uploads/{mended['upload_id']}/rows")
    assert [row["cells"] for row in found] == [["No", "Body", "Nobody", "'=1+1"], ["Bob", "Ray", "Beta", "x"]]


def test_the_longest_row_goes_through_and_a_longer_one_is_kept_aside(campaign, tmp_path):
    file = tmp_path / "list.csv"
    longest, longer = "\u5b57" * 499_000, "x" * 501_000
    file.write_text(f"First Name,Last Name,Notes\nAnn,Ash,{longest}\nBob,Birch,{longer}\nCy,Cedar,y\n", "utf-8")
    upload = campaign.upload(file)
    assert (upload["rows"], upload["bad_row_count"]) == (2, 1)
    assert "limit is 500,000" in upload["bad_rows"][0]["reason"]
    rows = campaign.read("ingest", f"/v1/uploads/{upload['upload_id']}/rows")
    assert [row["cells"][2] for row in rows] == [longest, "y"]


def test_bad_rows_of_what_is_not_there(campaign, stack):
    unknown = "/v1/uploads/import_00000000000000000000000000/bad-rows"
    assert httpx.get(stack.urls["ingest"] + unknown).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/callbacks/a.b", b"{}", 401, "token_malformed"),
        ("/v1/callbacks/" + "e30.AAAA", b"{}", 401, "token_forged"),
        ("/v1/clients/client_00000000000000000000000000/callbacks/x", b"{}", 401, "wrong_secret"),
        ("/v1/callbacks/rubbish", b"x" * 10_000_000, 401, "token_forged"),
    ],
)
def test_a_callback_that_cannot_be_used(stack, path: str, body: bytes, status: int, code: str):
    answer = httpx.post(stack.urls["callbacks"] + path, content=body, timeout=30)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"not json", "not_json"),
        (b"[" * 10_000 + b"]" * 10_000, "too_deep"),
        (b"[1, 2, 3]", "no_object"),
    ],
)
def test_a_body_that_cannot_be_read(stack, campaign, people, body: bytes, code: str):
    campaign.config = {"callback_secret": "a static secret of this client"}
    campaign.set_up()
    url = f"{stack.urls['callbacks']}/v1/clients/{campaign.client_id}/callbacks/{COMPANY}"
    headers = {"x-leadstream-secret": "a static secret of this client"}
    # Callbacks knows the secret a little later.
    answer = eventually(
        lambda: httpx.post(url, content=body, headers=headers, timeout=30), lambda answer: answer.status_code != 401
    )
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == code


def test_requests_that_make_no_sense_are_refused_by_name(stack):
    answer = httpx.post(stack.urls["ingest"] + "/v1/clients", json={"nam": "x"})
    assert answer.status_code == 422
    assert "name" in answer.json()["error"]["message"]
    assert httpx.get(stack.urls["sequencer"] + "/v1/batches/nonsense").status_code == 422
    assert httpx.get(stack.urls["projector"] + "/v1/leads/lead_00000000000000000000000000").status_code == 404
