"""The day after: the vendor has forgotten the key of a write whose answer was lost, and is asked before all else."""

import invariants
import pytest
from outside import Outside

A_DAY = 25 * 3600
PLURALS = {"invoice": "Invoices", "payment": "Payments", "credit_note": "CreditNotes", "allocation": "Allocations"}


@pytest.fixture
def outside():
    """Sandboxes of this test's own, since a reset leaves them what was granted."""
    opened = Outside()
    opened.reset()
    yield opened
    opened.close()


@pytest.mark.parametrize("kind", PLURALS)
@pytest.mark.parametrize("fault", ["commit_then_close", "close"], ids=["done", "not done"])
def test_a_day_later_a_write_is_looked_up_before_it_is_repeated(hub, outside, kind, fault):
    outside.fail("xero", {"match": f"PUT *{PLURALS[kind]}", "fault": fault})
    outside.trade()
    hub.tell_all()
    hub.work(until=lambda: "push unknown" in hub.open_work())
    hub.clock.sleep(A_DAY)
    outside.move_clock("xero", A_DAY)
    asked = len(outside.calls("xero"))
    hub.work()
    outside.move_clock("xero", 0)
    after = [call for call in outside.calls("xero")[asked:] if call["path"].startswith("/api.xro/")]
    assert after[0]["method"] == "GET"
    assert invariants.broken(invariants.gather(outside, hub, "nobody")) == []
