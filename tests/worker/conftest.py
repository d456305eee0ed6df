import json
from datetime import UTC, datetime

import pytest

from core.clock import ManualClock
from core.seal import make_key_file
from core.settings import settings_from
from worker.hub import open_hub
from worker.setup import set_up

WORKSPACE = {
    "workspace": "Unit",
    "book": {"name": "Unit GmbH", "base_currency": "EUR", "time_zone": "Europe/Berlin", "country": "DE"},
    "connections": [
        {
            "name": "Stripe",
            "vendor": "stripe",
            "environment": "sandbox",
            "base_url": "http://127.0.0.1:9",
            "secrets": {"api_key": "sk_test_sandbox_unit", "webhook_secret": "whsec_sandbox_unit"},
            "options": {"calls_per_window": "2"},
        },
        {
            "name": "Xero",
            "vendor": "xero",
            "environment": "sandbox",
            "base_url": "http://127.0.0.1:9",
            "identity_url": "http://127.0.0.1:9",
            "account": "tenant",
            "secrets": {"client_id": "c", "client_secret": "s", "access_token": "a", "refresh_token": "r"},
        },
    ],
}


@pytest.fixture
def workspace():
    """The text of a set-up file, as a value to spoil."""
    return json.loads(json.dumps(WORKSPACE))


@pytest.fixture
def settings(tmp_path, database_url):
    make_key_file(tmp_path / "key")
    return settings_from({"SUBLEDGER_HOME": str(tmp_path), "DATABASE_URL": database_url})


@pytest.fixture
def hub(settings):
    """Under a clock that stands still until it is moved; there is no Redis."""
    opened = open_hub(settings, clock=ManualClock(datetime(2026, 3, 1, 12, tzinfo=UTC)))
    yield opened
    opened.store.engine.dispose()


@pytest.fixture
def workspace_id(hub, workspace):
    return set_up(hub.store, json.dumps(workspace)).workspace_id
