"""Commands over HTTP: what was saved can be read, changed and taken away, and is refused with a reason when wrong."""

import httpx

from cli.campaign import COMPANY, PERSON


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
    assert campaign.wait(batch["batch_id"], 60)["items"] == 2


def test_settings_are_checked_when_they_are_saved(campaign):
    path = f"/v1/clients/{campaign.client_id}/configs/{COMPANY}"

    def saved(**config) -> httpx.Response:
        return send(campaign, "PUT", path, {"workstream": "apollo_scrape", "config": config})

    for config, says in (
        ({"timeout_seconds": "soon"}, "timeout_seconds cannot be that: 'soon' is not of type 'number'"),
        ({"timout_seconds": 5}, "there is no setting timout_seconds"),
        ({"webhook_url": "clay.com/table"}, "webhook_url"),
        ({"callback_secret_sha256": "ä" * 64}, "callback_secret_sha256"),
        ({"freshness_days": -1}, "freshness_days"),
    ):
        answer = saved(**config)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_settings")
        assert says in answer.json()["error"]["message"]
    assert saved(webhook_url="https://clay.example/1", freshness_days=None, credits=2.5).status_code == 200


def test_a_registered_workflow_brings_the_schema_of_its_settings(campaign):
    mine = {"workflow": "find_phone", "workstream": "apollo_scrape", "kind": "ASYNC", "scope": "person"}
    wrong = send(campaign, "POST", "/v1/workflows", mine | {"settings": {"region": {"type": "texd"}}})
    assert wrong.json()["error"]["code"] == "invalid_schema"
    settings = {"region": {"enum": ["eu", "us"]}}
    made = send(campaign, "POST", "/v1/workflows", mine | {"settings": settings, "credits": 3}).json()
    at = {"at_position": made["position"]}
    shown = campaign.read("ingest", "/v1/workflows/apollo_scrape/find_phone", **at)
    assert shown["credits"] == 3
    assert {"webhook_url", "region"} <= shown["settings_schema"]["properties"].keys()

    path = f"/v1/clients/{campaign.client_id}/configs/find_phone"
    body = {"workstream": "apollo_scrape", "config": {"region": "asia"}}
    assert "'asia' is not one of" in send(campaign, "PUT", path, body).json()["error"]["message"]
    assert send(campaign, "PUT", path, body | {"config": {"region": "eu"}}).status_code == 200

    gone = send(campaign, "DELETE", "/v1/workflows/apollo_scrape/find_phone").json()
    known = campaign.read("ingest", "/v1/workflows", at_position=gone["position"])
    assert not [workflow for workflow in known if workflow["workflow"] == "find_phone"]
    assert send(campaign, "PUT", path, body).json()["error"]["code"] == "unknown_workflow"


def test_pipelines_are_saved_shown_launched_and_removed(campaign, people):
    path = f"/v1/clients/{campaign.client_id}/pipelines"
    steps = ["normalize_all_core_values", {"workflow": "enrich_email", "unless": ["email"]}]
    body = {"name": "mine", "workstream": "apollo_scrape", "steps": steps}
    made = send(campaign, "POST", path, body).json()
    at = {"at_position": made["position"]}
    shown = campaign.read("ingest", f"/v1/pipelines/{made['pipeline_id']}", **at)
    assert shown["steps"] == ["normalize_all_core_values", "enrich_email"]
    assert shown["options"] == {"enrich_email": {"configuration": "default", "unless": ["email"]}}
    unknown = body | {"steps": [{"workflow": "enrich_email", "configuration": "third"}]}
    assert send(campaign, "POST", path, unknown).json()["error"]["code"] == "unknown_configuration"

    upload_id = campaign.upload(people([("Ann", "Ash")]))["upload_id"]
    launch = {"upload_id": upload_id, "pipeline_id": made["pipeline_id"]}
    blueprint = send(campaign, "POST", "/v1/blueprints", launch).json()
    assert [step["workflow"] for step in blueprint["blueprint"]] == shown["steps"]
    assert blueprint["missing"] == ["enrich_email has no configuration for this client: its step will fail"]

    gone = send(campaign, "DELETE", f"/v1/pipelines/{made['pipeline_id']}").json()
    assert campaign.read("ingest", path, at_position=gone["position"]) == []
    assert send(campaign, "POST", "/v1/batches", launch).json()["error"]["code"] == "unknown_pipeline"


def test_settings_for_one_batch_are_checked_like_the_client_s_own(campaign, people):
    upload_id = campaign.upload(people([("Ann", "Ash")]))["upload_id"]
    for config, says in (
        ({COMPANY: {"max_attempts": 0}}, "max_attempts cannot be that"),
        ({COMPANY: {"callback_secret": "a secret that is long enough"}}, "is the client's, not a batch's"),
        ({"enrich_email": {}}, "which is no step here"),
    ):
        answer = send(campaign, "POST", "/v1/batches", {"upload_id": upload_id, "steps": [COMPANY], "config": config})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_settings")
        assert says in answer.json()["error"]["message"]


def test_a_plan_says_what_a_launch_would_cost_before_anything_is_spent(campaign, people):
    steps = ["normalize_company_domain", PERSON, COMPANY]
    first = campaign.upload(people([("Ann", "Ash"), ("Bob", "Ash"), ("Cid", "Elm")], "first.csv"))["upload_id"]
    asked = send(campaign, "POST", "/v1/blueprints", {"upload_id": first, "steps": steps}).json()

    def plan(blueprint: dict) -> dict:
        return campaign.api.ask("dispatcher", "/v1/plans", blueprint)

    before = plan(asked)
    assert (before["items"], before["calls"], before["credits"]) == (3, 5, 5.0)
    company = before["steps"][2]
    assert (company["entities"], company["new"], company["known"], company["stale"]) == (2, 2, 0, 0)

    campaign.wait(campaign.launch(first, (COMPANY,), rows=[1])["batch_id"], 60)
    assert plan(asked)["calls"] == 4
    company = plan(asked | {"config": {COMPANY: {"force_refresh": True, "credits": 10}}})["steps"][2]
    assert (company["new"], company["known"], company["stale"], company["credits"]) == (1, 0, 1, 20.0)
    assert plan(asked | {"rows": [3]})["steps"][2]["calls"] == 1


def test_an_upgrade_registers_what_the_registry_never_had_and_nothing_else(campaign):
    first = send(campaign, "POST", "/v1/workflows/shipped").json()
    assert first == {"registered": []}, "they came with the tenant's first client"
    gone = send(campaign, "DELETE", "/v1/workflows/crm_data/extract_contact_info").json()
    campaign.read("ingest", "/v1/workflows", at_position=gone["position"])
    assert send(campaign, "POST", "/v1/workflows/shipped").json() == {"registered": []}, "retired is retired"
