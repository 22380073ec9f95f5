"""After everything the other tests did, and whatever order they ran in: the state follows from the log."""

import asyncio

from cli.campaign import STEPS
from cli.checks import check


def test_verify_is_identical_after_a_batch(stack, campaign, people):
    upload = campaign.upload(people([(f"P{n}", f"Firm{n % 5}") for n in range(25)]))
    batch = campaign.wait(campaign.launch(upload["upload_id"], STEPS)["batch_id"], 60)
    assert batch["completed"] == 25
    report = asyncio.run(check(stack.admin_url, stack.nats.url("service")))
    assert report["identical"], report
    assert report["services"]["projector"]["rows"]["final_leads"] >= 25
