"""The doors of a hub with one Stripe and one Xero connection, on each database, and a way to sign like the vendors."""

import base64
import hmac
import json
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from core.clock import WallClock
from core.ids import Ids
from core.seal import MasterKeys
from core.store import bodies, schema
from core.store.engine import open_engine
from core.store.work import Store
from web.app import create_app
from worker.hub import Hub
from worker.setup import set_up

STRIPE_SECRET = "whsec_sandbox_now"
XERO_SECRET = "xero_sandbox_webhook_key"
WORKSPACE = {
    "workspace": "Doors",
    "book": {"name": "Book", "base_currency": "EUR", "time_zone": "Europe/Berlin", "country": "DE"},
    "connections": [
        {
            "name": "Stripe",
            "vendor": "stripe",
            "environment": "sandbox",
            "base_url": "http://127.0.0.1:1",
            "secrets": {"api_key": "sk_test_sandbox", "webhook_secret": STRIPE_SECRET},
        },
        {
            "name": "Xero",
            "vendor": "xero",
            "environment": "sandbox",
            "base_url": "http://127.0.0.1:1",
            "account": "tenant-1",
            "secrets": {"client_id": "id", "client_secret": "sandbox", "webhook_secret": XERO_SECRET},
        },
    ],
}


class SilentBell:
    def __init__(self):
        self.rung = []

    def ring(self, *lanes):
        self.rung += lanes


def stripe_header(body, *, secret=STRIPE_SECRET, at=None, late=0):
    stamp = str(int((at or WallClock().now()).timestamp()) + late)
    return f"t={stamp},v1={hmac.new(secret.encode(), stamp.encode() + b'.' + body, sha256).hexdigest()}"


def xero_header(body, *, secret=XERO_SECRET):
    return base64.b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()


def event(event_id="evt_1", kind="invoice", remote_id="in_1", **more):
    return json.dumps(
        {
            "id": event_id,
            "object": "event",
            "type": f"{kind}.updated",
            "created": 1795000000,
            "data": {"object": {"id": remote_id, "object": kind}},
        }
        | more
    ).encode()


@dataclass
class Doors:
    """The app under test, what it stored, and the paths of its doors."""

    hub: Hub
    stripe: str
    xero: str
    workspace_id: str
    app: object = field(init=False)

    def __post_init__(self):
        self.app = create_app(self.hub)
        self.client = self.app.test_client(use_cookies=True)

    def tell(self, body, header=None, **headers):
        """A message to Stripe's door, genuine unless a header is given."""
        signature = stripe_header(body) if header is None else header
        return self.client.post(self.stripe, data=body, headers={"Stripe-Signature": signature, **headers})

    def tell_xero(self, body, header=None):
        return self.client.post(
            self.xero, data=body, headers={"x-xero-signature": xero_header(body) if header is None else header}
        )

    def rows(self, table):
        with self.hub.store.read() as database:
            return database.execute(select(table).order_by(table.c.id)).all()

    def receipts(self):
        """The raw bodies that were kept, opened."""
        ids = [row.body_id for row in self.rows(schema.receipt)]
        with self.hub.store.read() as database:
            opened = bodies.open_bodies(self.hub.store, database, self.workspace_id, ids)
        return [opened[one] for one in ids]

    def events(self):
        return self.rows(schema.event)


@pytest.fixture
def doors(database_url):
    engine = open_engine(database_url)
    clock = WallClock()
    hub = Hub(Store(engine, MasterKeys([b"k" * 32]), clock, Ids(clock)), SilentBell(), Random(1), 60)
    made = set_up(hub.store, json.dumps(WORKSPACE))
    yield Doors(hub, made.doors["Stripe"], made.doors["Xero"], made.workspace_id)
    engine.dispose()


@pytest.fixture
def sign():
    return SimpleNamespace(stripe=stripe_header, xero=xero_header, event=event, workspace=WORKSPACE)
