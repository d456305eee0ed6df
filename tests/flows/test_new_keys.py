"""A key that the gateway takes back stops the connection, and a new one of the same account lets it go on."""

import pytest

from core.errors import Misconfigured
from core.store import schema
from worker.reconnect import new_key


@pytest.fixture
def key(outside):
    return outside.line["stripe"]["api_key"]


@pytest.fixture
def paused(hub, outside):
    """With a sale that is known and another that waits."""
    outside.sell()
    hub.tell_all()
    hub.work()
    outside.sell()
    told = outside.events()
    outside.fail("stripe", {"match": "GET /v1/*", "fault": "refuse", "status": 401, "times": 9})
    hub.tell(*told)
    hub.work(until=lambda: hub.connection("Stripe").state == "paused")
    assert hub.connection("Stripe").pause_sentence == "Stripe refuses our key. Connect it again; nothing is lost."
    assert not {"delivery parked", "event parked"} & hub.open_work().keys()
    outside.mend()


@pytest.mark.usefixtures("paused")
def test_with_a_new_key_of_the_same_account_everything_goes_on(hub, outside, key):
    new_key(hub.store, hub.workspace_id, "Stripe", key)
    stripe = hub.connection("Stripe")
    assert (stripe.state, stripe.pause_sentence) == ("active", "")
    hub.work()
    assert hub.open_work() == {}, hub.sentences()
    assert outside.agree()
    assert "connected again" in {row.action for row in hub.rows(schema.audit, schema.audit.c.action)}


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"fault": "refuse", "status": 401}, "Stripe refuses this key. Nothing was changed."),
        (
            {"fault": "refuse", "status": 404},
            "This key opens another account: none of the invoices that came from Stripe is there. Nothing was changed.",
        ),
        (
            {"fault": "refuse", "status": 403, "body": "{}"},
            "Stripe does not let our key read invoices. Give the key that permission there, and try again. ",
        ),
        ({"fault": "refuse", "status": 500}, "This key could not be tried ("),
        ({"fault": "commit_then_close"}, "This key could not be tried ("),
    ],
)
@pytest.mark.usefixtures("paused")
def test_a_key_that_does_not_open_the_account_changes_nothing(*, hub, outside, key, fault, sentence):
    outside.fail("stripe", {"match": "GET /v1/*", "times": 9, **fault})
    with pytest.raises(Misconfigured) as refused:
        new_key(hub.store, hub.workspace_id, "Stripe", key)
    assert str(refused.value).startswith(sentence)
    assert str(refused.value).endswith("Nothing was changed.")
    assert hub.connection("Stripe").state == "paused"


@pytest.mark.parametrize("body", [None, "{}"])
def test_where_nothing_is_known_yet_a_key_has_only_to_be_good(hub, outside, key, body):
    if body:
        outside.fail("stripe", {"match": "GET /v1/account", "fault": "refuse", "status": 403, "body": body})
    new_key(hub.store, hub.workspace_id, "Stripe", key)
    with pytest.raises(Misconfigured, match="refuses this key"):
        new_key(hub.store, hub.workspace_id, "Stripe", "sk_test_sandbox_somebody_elses")
    outside.sell()
    hub.pull()
    assert outside.agree()
