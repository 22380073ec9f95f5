"""What the bodies of requests are not taken for."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.ingest.bodies import (
    Control,
    Failed,
    FewerCustomers,
    NewBatch,
    NewBudget,
    NewClient,
    NewTenant,
    NewWorkflow,
)
from shared.runtime.bodies import Body

UPLOAD = "import_01ARZ3NDEKTSV4RRFFQ69G5FAV"
WORKFLOW = {"workflow": "find_phone", "workstream": "apollo_scrape", "kind": "ASYNC"}


@pytest.mark.parametrize(("kind", "body"), [
    (NewBudget, {"max_credits": False}), (NewBudget, {"max_credits": True}), (NewBudget, {"max_credits": "10"}),
    (NewBudget, {"max_credits": float("nan")}), (Control, {"max_credits": False}),
    (NewBatch, {"upload_id": UPLOAD, "max_credits": True}), (NewBatch, {"upload_id": UPLOAD, "rows": ["1"]}),
    (NewBatch, {"upload_id": UPLOAD, "rows": [True]}), (NewBatch, {"upload_id": UPLOAD, "rows": [1.0]}),
    (NewTenant, {"share_answers": "no"}), (NewTenant, {"share_answers": 1}),
    (NewClient, {"name": "A", "again": "yes"}), (NewClient, {"name": 3}), (Failed, {"everything": 0}),
    (FewerCustomers, {"everything": "false"}), (FewerCustomers, {"customers": [{"name": 1}]}),
    (NewWorkflow, WORKFLOW | {"credits": "1"}), (NewWorkflow, WORKFLOW | {"reads_answers": 1}),
])  # fmt: skip
def test_what_is_of_another_type_is_refused(kind: type[Body], body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(body)


def test_whole_numbers_are_numbers_and_what_stands_in_a_body_is_of_its_kind() -> None:
    assert NewBudget.model_validate({"max_credits": 10}).max_credits == 10.0
    assert NewBudget.model_validate({"max_credits": None}).max_credits is None
    steps = ["normalize_company_name", {"workflow": "find_phone", "unless": ["mobile_phone"]}]
    batch = NewBatch.model_validate({"upload_id": f" {UPLOAD} ", "steps": steps, "rows": [1, 2]})
    assert (batch.upload_id, batch.rows, len(batch.steps or ())) == (UPLOAD, [1, 2], 2)
    assert NewWorkflow.model_validate(WORKFLOW).kind == "ASYNC"
