"""Commands over HTTP: what was saved can be read, changed and taken away, and is refused with a reason when wrong."""

import httpx


def send(campaign, method: str, path: str, body: dict | None = None, key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return httpx.request(method, campaign.urls["ingest"] + path, json=body, headers=headers, timeout=30)


def test_a_command_sent_twice_is_done_once_and_another_under_its_key_is_refused(campaign, people):
    first = send(campaign, "POST", "/v1/clients", {"name": "Once"}, "the same key")
    again = send(campaign, "POST", "/v1/clients", {"name": "Once"}, "the same key")
    assert (first.status_code, again.json()) == (201, first.json())
    other = send(campaign, "POST", "/v1/clients", {"name": "Twice"}, "the same key")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")
    assert "another key" in other.json()["error"]["message"]

    upload_id = campaign.upload(people([("Ann", "Ash"), ("Bob", "Ash")]))["upload_id"]
    launch = {"upload_id": upload_id, "steps": ["normalize_company_domain"]}
    batch = send(campaign, "POST", "/v1/batches", launch, "launch").json()
    assert send(campaign, "POST", "/v1/batches", launch, "launch").json() == batch
    assert send(campaign, "POST", "/v1/batches", launch | {"rows": [1]}, "launch").status_code == 409
    assert campaign.wait(batch["batch_id"], 30)["items"] == 2
