import json

import pytest

from core.errors import Misconfigured
from core.store import schema
from worker.reconnect import new_key, new_tokens
from worker.setup import new_rate, new_rulebook, set_up, set_webhook_secret
from worker.setup import workspace_id as find_workspace


def spoiled(workspace, path, value):
    *outer, name = path
    place = workspace
    for step in outer:
        place = place[step]
    place[name] = value
    return json.dumps(workspace)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (["book", "base_currency"], "XXX", "book.base_currency: is not a currency of ISO 4217"),
        (["book", "time_zone"], "Berlin", "book.time_zone: is not an IANA time zone"),
        (["connections", 0, "vendor"], "nobody", "connections.0.vendor: has no connector here"),
        (["connections", 0, "environment"], "dream", "connections.0.environment: Must be one of: live, test, sandbox."),
        (["connections", 0, "base_url"], "not a url", "connections.0.base_url: Not a valid URL."),
        (["connections", 0, "name"], "", "connections.0.name: Length must be between 1 and 100."),
        (["rates"], [{"currency": "USD", "on": "today", "value": "1", "source": "x"}], "rates.0.on: is not a date"),
        (
            ["rates"],
            [{"currency": "USD", "on": "2026-01-01", "value": "0", "source": "x"}],
            "rates.0.value: is not above nothing",
        ),
        (["surprise"], 1, "surprise: Unknown field."),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_place(hub, workspace, path, value, sentence):
    with pytest.raises(Misconfigured) as refused:
        set_up(hub.store, spoiled(workspace, path, value))
    assert str(refused.value).startswith(f"The file cannot be used: {sentence}")


def test_a_file_that_is_not_json_says_where(hub):
    with pytest.raises(Misconfigured, match=r"The file is not JSON: line 1, "):
        set_up(hub.store, "{")


def test_a_bad_rulebook_leaves_nothing_behind(hub, workspace):
    text = spoiled(workspace, ["connections", 1, "rulebook"], {"slots": {"income_account": "200"}})
    with pytest.raises(Misconfigured, match="The rulebook of Xero: "):
        set_up(hub.store, text)
    with hub.store.read() as database:
        assert database.execute(schema.workspace.select()).all() == []


@pytest.mark.usefixtures("workspace_id")
def test_a_name_is_taken_only_once(hub, workspace):
    with pytest.raises(Misconfigured, match=r"There is a workspace named Unit already; nothing was changed\."):
        set_up(hub.store, json.dumps(workspace))


def test_a_workspace_is_named_only_where_there_are_several(hub, workspace, workspace_id):
    assert find_workspace(hub.store, None) == workspace_id
    other = set_up(hub.store, spoiled(workspace, ["workspace"], "Other")).workspace_id
    assert find_workspace(hub.store, "Other") == other
    with pytest.raises(Misconfigured, match="there are: Other, Unit"):
        find_workspace(hub.store, None)


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (
            lambda store, workspace: new_rulebook(store, workspace, "Zero", '{"slots": {}}', "me"),
            "There is no connection named Zero in this workspace; there are: Stripe, Xero.",
        ),
        (
            lambda store, workspace: new_rate(
                store, workspace, "Nobody", {"currency": "USD", "on": "2026-01-01", "value": "1", "source": "x"}
            ),
            "There is no book named Nobody in this workspace.",
        ),
        (
            lambda store, workspace: new_tokens(store, workspace, "Stripe", "a", "r"),
            "Stripe is not connected by tokens.",
        ),
        (
            lambda store, workspace: new_key(store, workspace, "Xero", "sk_test_sandbox_new"),
            "Xero is connected by tokens, not by a key.",
        ),
        (
            lambda store, workspace: new_key(store, workspace, "Zero", "sk_test_sandbox_new"),
            "There is no connection named Zero in this workspace; there are: Stripe, Xero.",
        ),
        (
            lambda store, workspace: set_webhook_secret(store, workspace, "Zero", "whsec_sandbox_new"),
            "There is no connection named Zero in this workspace; there are: Stripe, Xero.",
        ),
    ],
)
def test_what_is_not_there_is_named(hub, workspace_id, act, sentence):
    with pytest.raises(Misconfigured) as refused:
        act(hub.store, workspace_id)
    assert str(refused.value) == sentence
