"""A hub of one workspace on the sandboxes, in this process."""

import json
from dataclasses import replace

import pytest

from core.seal import make_key_file
from core.settings import settings_from
from demo.workspace import furnish, workspace
from demo.xero_books import XeroOrganisation
from sandbox.command import start
from worker.hub import open_hub
from worker.setup import set_up


@pytest.fixture
def vendors():
    running = start()
    yield running
    running.close()


@pytest.fixture
def wanted(database_url, tmp_path):
    make_key_file(tmp_path / "key")
    return settings_from({"SUBLEDGER_HOME": str(tmp_path), "DATABASE_URL": database_url})


@pytest.fixture
def made(wanted, vendors):
    """(hub, what was set up)"""
    hub = open_hub(wanted)
    keys = vendors.line()["xero"]
    organisation = XeroOrganisation(keys["base_url"], keys["access_token"], keys["tenant_id"])
    told = workspace(vendors.line(), furnish(organisation))
    yield hub, set_up(hub.store, json.dumps(told))
    hub.store.engine.dispose()


@pytest.fixture
def without_key(wanted, tmp_path):
    return replace(wanted, home=tmp_path / "elsewhere")
