"""A small business goes well and badly; whatever the hub logs, counts or answers strangers tells nobody's name."""

import io
import json
import logging
import secrets

import pytest
from hubs import DrainedHub
from outside import Outside

from core.roles import Role
from core.store import schema, users
from web import passwords
from web.app import create_app
from worker import jobs
from worker.logs import start_logging

_ROOMS = (
    "worker",
    "web",
    "core",
    "connectors",
    "cli",
    "rq",
    "werkzeug",
    "waitress",
    "urllib3",
    "sqlalchemy",
    "alembic",
)


@pytest.fixture
def outside():
    opened = Outside()
    yield opened
    opened.close()


@pytest.fixture
def logged():
    """Everything that is logged in this process, at every level, as a process of ours writes it."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in _ROOMS}
    stream = io.StringIO()
    start_logging("test", stream=stream)
    root.setLevel(logging.DEBUG)
    for name in ("worker", "web", "core", "connectors", "cli"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.handlers[:] = kept
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def canary(what):
    return f"{what}{secrets.token_hex(8)}"


def test_no_log_no_metric_and_no_answer_to_a_stranger_tells_a_name_or_a_secret(
    outside, database_url, tmp_path, logged, monkeypatch
):
    told = {what: canary(what) for what in ("name", "mail", "street", "memo", "line", "user", "password", "poison")}
    home = tmp_path / "home"
    home.mkdir()
    hub = DrainedHub(outside, home, database_url)
    app = create_app(hub.hub)

    # sales that go well, one in a currency without a rate, one with a tax without a rule
    person = {"name": told["name"], "email": f"{told['mail']}@example.test", "address": {"line1": told["street"]}}
    customer = outside.customer(told["name"])
    outside.stripe.create(f"customers/{customer['id']}", **person)
    for wanted in ({}, {"currency": "usd", "tax": ""}, {"currency": "chf", "tax": ""}, {"tax": "7"}):
        outside.sell(customer, description=told["memo"], **wanted)
    hub.tell_all()
    hub.work()

    # answers that are lost, cut off, wrong and refused, with names in them
    words = {"Message": f"{told['name']} is no good", "ErrorNumber": 10, "Type": "ValidationException"}
    outside.fail(
        "xero",
        {"match": "PUT */Contacts*", "fault": "refuse", "status": 400, "body": words, "times": 1},
        {"match": "PUT */Invoices*", "fault": "commit_then_truncate", "times": 1},
        {"match": "GET */Invoices*", "fault": "refuse", "status": 500, "body": words, "times": 1},
    )
    outside.fail("stripe", {"match": "GET */customers/*", "fault": "refuse", "status": 500, "body": words, "times": 1})
    outside.sell(outside.customer(f"{told['name']} again"), description=told["memo"])
    hub.tell_all()
    hub.post(json.dumps({"id": "evt_x", "object": told["name"]}).encode(), "whsec_wrong")
    hub.post(b"{" + told["name"].encode(), outside.line["stripe"]["webhook_secret"])
    for _ in range(4):
        hub.work()
        hub.clock.sleep(400)
        hub.pull()
    outside.mend()
    hub.work()
    delivered = hub.rows(schema.delivery, schema.delivery.c.state)
    assert len([one for one in delivered if one.state == "delivered"]) > 3
    assert hub.open_work().keys() >= {"event parked", "delivery parked"}

    # a row that makes the work stop, and a log-in that fails
    def stumble(*_):
        raise ValueError(f"no such thing as {told['poison']} of {told['name']}")

    with monkeypatch.context() as patch:
        patch.setattr("worker.absorb.absorb", stumble)
        patch.setattr("worker.ingest.absorb", stumble)
        patch.setattr(jobs, "_HUBS", [hub.hub])
        outside.sell(customer)
        hub.tell_all()
        for lane in hub.due():
            jobs.drain(lane.workspace_id, lane.connection_id, lane.kind, lane.purpose)
    hashed = passwords.hashed(told["password"], told["user"])
    hub.store.write(hub.workspace_id, lambda work: users.add(work, told["user"], hashed, Role.VIEWER, "tests"))
    stranger = app.test_client()
    answers = [
        stranger.get("/metrics"),
        stranger.get("/ready"),
        stranger.get("/health"),
        stranger.get("/records"),
        stranger.post("/log-in", data={"name": told["user"], "password": told["password"]}),
        stranger.get(f"/nowhere/{told['name']}"),
    ]
    with monkeypatch.context() as patch:
        patch.setitem(app.view_functions, "health", stumble)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        answers.append(stranger.get("/health"))
    hub.close()

    assert answers[-1].status_code == 500
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert any("error" in line for line in lines), "nothing went wrong, so nothing is proven"
    assert any(line["message"] == "a drain stopped" and line["error"] == "ValueError" for line in lines)
    kept = [value for keys in outside.line.values() for name, value in keys.items() if "url" not in name]
    seen = logged.getvalue() + "".join(answer.get_data(as_text=True) for answer in answers)
    for text in [*told.values(), *kept]:
        assert text not in seen, text
