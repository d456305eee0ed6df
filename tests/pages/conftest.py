"""A hub that has taken in a small business, and browsers of people who may see it. One world for each database."""

import html
import json
import re
import shutil
import time
from dataclasses import dataclass
from random import Random

import pytest
from sqlalchemy import text

from connectors.registry import CONNECTORS
from core.clock import WallClock
from core.entities import Customer
from core.ids import Ids
from core.kinds import Kind
from core.roles import Role
from core.seal import MasterKeys
from core.store import connections, duties, records, users
from core.store.engine import open_engine
from core.store.reading import documents
from core.store.records import Version
from core.store.work import Store
from demo.stripe_account import StripeAccount
from demo.workspace import REFUNDS_ACCOUNT, workspace
from demo.xero_books import XeroOrganisation
from sandbox.command import start
from web import passwords
from web.app import create_app
from web.pages.steady import Steady
from worker.deliver import deliver
from worker.hub import Hub
from worker.ingest import ingest
from worker.pull import pull
from worker.setup import set_up

PASSWORD = "correct horse battery"
SCRIPT = '<script>alert("x")</script> & Söhne'
BRACES = '{{7*7}} ${7*7} O\'Brien "&" Co.'
FOX = "🦊 Fuchsbau GmbH"
CUSTOMERS_ELSEWHERE = 120


_PRICES = (
    ("Team plan", "eur", "2499"),
    ("Team plan", "usd", "2900"),
    ("Archive storage", "eur", "333"),
    ("Archive storage", "usd", "415"),
    ("Onboarding", "eur", "14999"),
    ("Workshop", "chf", "48000"),
)

REGRET = "Café du Regret"
_GIVEN_BACK, _EXPLAINED = 1500, 900
"""A refund that a credit note explains in part."""
_SALES = (
    # who, where, in which currency, what and how many, tax and whether it is included, whether it is paid
    ("Zoë Bäckerei GmbH", "DE", "eur", (("Team plan", 3), ("Archive storage", 7)), "19", False, True),
    ("Crème & Fils SARL", "FR", "eur", (("Onboarding", 1),), "20", True, True),
    ("Müller & Söhne KG", "DE", "eur", (("Onboarding", 3),), "19", True, True),
    ('Librairie "Le Chat Noir"', "FR", "eur", (("Archive storage", 13),), "20", False, True),
    (REGRET, "DE", "eur", (("Team plan", 1),), "19", False, True),
    ("Blue Heron Software, Inc.", "US", "usd", (("Team plan", 5), ("Archive storage", 11)), "", False, True),
    (SCRIPT, "DE", "eur", (("Team plan", 1),), "19", False, False),
    (BRACES, "US", "usd", (("Team plan", 1),), "", False, False),
    (FOX, "DE", "eur", (("Archive storage", 1),), "7", False, False),
    ("Ferien am See AG", "CH", "chf", (("Workshop", 1),), "", False, False),
)

_RULEBOOK = {
    "slots": {
        "income_account": [{"use": "200"}],
        "tax_code": [
            {"when": {"tax": "19"}, "use": "OUTPUT"},
            {"when": {"tax": "20"}, "use": "TAX002"},
            {"when": {"tax": ""}, "use": "NONE"},
        ],
        "clearing_account": [
            {"when": {"currency": "EUR"}, "use": "1200"},
            {"when": {"currency": "USD"}, "use": "1201"},
        ],
        "refunds_to_classify": [{"use": REFUNDS_ACCOUNT}],
    }
}

_NOWHERE = {
    "stripe": {"base_url": "http://127.0.0.1:9", "api_key": "sk_test_sandbox_x", "webhook_secret": "whsec_sandbox_x"},
    "xero": {
        "base_url": "http://127.0.0.1:9",
        "tenant_id": "",
        "client_id": "x",
        "client_secret": "sandbox-x",
        "access_token": "sandbox-x",
        "refresh_token": "sandbox-x",
    },
}
"""As a sandbox's line; nobody is called."""


class Bell:
    """Keeps what was rung."""

    def __init__(self):
        self.rung = []

    def ring(self, *lanes):
        self.rung += lanes


@dataclass
class World:
    hub: Hub
    workspace_id: str
    elsewhere_id: str
    """Another workspace of the same hub, with 120 customers."""
    empty_id: str
    """And one in which nothing has happened."""
    app: object
    script: str = SCRIPT
    braces: str = BRACES
    fox: str = FOX
    password: str = PASSWORD

    def user(self, name, role=Role.VIEWER, workspace_id=None):
        self.hub.store.write(workspace_id or self.workspace_id, lambda work: users.add(work, name, HASH, role, "tests"))
        return name

    def reader(self, name=None, role=Role.VIEWER, workspace_id=None):
        """Somebody who has logged in."""
        name = name or f"reader {self.hub.store.new_id()}"
        self.user(name, role, workspace_id)
        person = Person(self.app)
        assert person.log_in(name).status_code == 303
        return person

    def person(self, address="127.0.0.1", base_url="http://localhost"):
        """Somebody who has not logged in."""
        return Person(self.app, address, base_url)

    def documents(self, kind, search=""):
        with self.hub.store.read() as database:
            page, _ = documents.page(self.hub.store, database, self.workspace_id, kind, search, None)
        return page.rows


class Person:
    """A browser: keeps cookies, and sends the token that the last page's form carries."""

    def __init__(self, app, address="127.0.0.1", base_url="http://localhost"):
        self.client = app.test_client()
        self.base_url = base_url
        self.client.environ_base["REMOTE_ADDR"] = address
        self.token = ""

    def get(self, path, **given):
        answer = self.client.get(path, base_url=self.base_url, **given)
        found = re.search(r'name="form_token" value="(\w+)"', answer.text if answer.mimetype == "text/html" else "")
        if found:
            self.token = found[1]
        return answer

    def post(self, path, **form):
        return self.client.post(path, base_url=self.base_url, data={"form_token": self.token} | form)

    def words(self, path):
        """The page as a person reads it: without marks, spaces folded."""
        answer = self.get(path)
        assert answer.status_code == 200, path
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())

    def walk(self):
        """Every page that links lead to from the overview on, by its address."""
        seen, ahead = {}, ["/"]
        while ahead:
            path = ahead.pop()
            if path not in seen and not path.startswith("/static/"):
                seen[path] = self.get(path)
                ahead += [
                    html.unescape(link).partition("#")[0] for link in re.findall(r'href="(/[^"]*)"', seen[path].text)
                ]
                assert len(seen) < 1000, "the walk has no end"
        return seen

    def log_in(self, name, password=PASSWORD):
        self.get("/log-in")
        return self.post("/log-in", name=name, password=password)


passwords._METHOD = "scrypt:1024:8:1"  # what it costs in earnest is the tests of passwords' own affair
HASH = passwords.hashed(PASSWORD, "anybody")


def _play(hub, made, line):
    """Sales that go through, and two that need a person: a tax without a rule, a currency without a rate."""
    stripe = StripeAccount(line["stripe"]["base_url"], line["stripe"]["api_key"])
    prices = {}
    for name, currency, amount in _PRICES:
        product = stripe.create("products", name=name)["id"]
        prices[name, currency] = stripe.create("prices", product=product, currency=currency, unit_amount=amount)["id"]
    for name, country, currency, lines, percentage, inclusive, is_paid in _SALES:
        customer = stripe.create("customers", name=name, email="who@example.test", address={"country": country})["id"]
        card = stripe.create("payment_methods/pm_card_visa/attach", customer=customer)["id"]
        terms = {"auto_advance": False, "default_payment_method": card}
        if percentage:
            rate = {"display_name": "VAT", "percentage": percentage, "inclusive": inclusive, "country": country}
            terms["default_tax_rates"] = [stripe.create("tax_rates", tax_type="vat", **rate)["id"]]
        invoice = stripe.create("invoices", customer=customer, currency=currency, **terms)["id"]
        for price, quantity in lines:
            priced = {"pricing": {"price": prices[price, currency]}, "quantity": quantity}
            stripe.create("invoiceitems", customer=customer, invoice=invoice, **priced)
        stripe.create(f"invoices/{invoice}/finalize")
        if is_paid:
            stripe.create(f"invoices/{invoice}/pay")
        if name == REGRET:
            (paid,) = stripe.all("invoice_payments", invoice=invoice, status="paid")
            intent = paid["payment"]["payment_intent"]
            refund = stripe.create("refunds", payment_intent=intent, amount=_GIVEN_BACK)["id"]
            explained = [{"refund": refund, "amount_refunded": _EXPLAINED}]
            stripe.create("credit_notes", invoice=invoice, amount=_EXPLAINED, refunds=explained)
    _drain(hub, made.workspace_id)


def _drain(hub, workspace_id):
    """Until only what needs a person is left; then once more, for what is due after the payments."""
    with hub.store.read() as database:
        active = connections.connections(database, workspace_id)
    for again in range(60):
        for one in active:
            for kind in CONNECTORS[one.vendor].pulls if again % 10 == 0 else ():
                pull(hub, workspace_id, one.id, kind)
            for kind in Kind:
                ingest(hub, workspace_id, one.id, kind)
                deliver(hub, workspace_id, one.id, kind)
        with hub.store.read() as database:
            counts = duties.open_work(database, workspace_id)
        if not counts["event"].get("pending") and not counts["delivery"].get("pending"):
            break
        time.sleep(0.2)
    for one in active:
        for kind in CONNECTORS[one.vendor].pulls:
            pull(hub, workspace_id, one.id, kind)


def _set_up(hub, line, name, account=""):
    told = workspace(line, _RULEBOOK) | {"workspace": name}
    told["rates"] = [{"currency": "USD", "on": "2020-01-01", "value": "0.92", "source": "tests"}]
    told["connections"] = [one | {"account": account + one.get("account", "")} for one in told["connections"]]
    return set_up(hub.store, json.dumps(told))


def _fill(hub, made):
    """Enough customers that a list has three pages; one of them under a name that can be looked for."""

    def save(work):
        found = connections.connections(work.connection, work.workspace_id)[0]
        versions = {}
        for number in range(CUSTOMERS_ELSEWHERE):
            name = "Ångström & Çelik" if number == 3 else f"Customer {number:03}"
            entity = Customer(name=name, email=f"c{number}@example.test")
            versions[work.new_id()] = Version(f"cus_{number:03}", f"customer cus_{number:03}", name, entity, "pull")
        records.save(
            hub.store,
            work,
            Kind.CUSTOMER,
            origin_connection_id=found.id,
            book_id=found.book_id,
            versions=versions,
        )

    hub.store.write(made.workspace_id, save)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def hub(request, tmp_path_factory):
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("world") / "hub.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        cluster, admin = request.getfixturevalue("postgresql_cluster")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE pages TEMPLATE template_hub"))
        url = cluster.url("pages")
    engine = open_engine(url)
    clock = WallClock()
    yield Hub(Store(engine, MasterKeys([b"k" * 32]), clock, Ids(clock)), Bell(), Random(1), 60)
    engine.dispose()
    if request.param == "postgresql":
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE pages WITH (FORCE)"))


@pytest.fixture(scope="session")
def gate(hub):
    """Only the doors: three workspaces in which nothing has happened."""
    made = [_set_up(hub, _NOWHERE, name, name) for name in ("Gate", "Behind", "Empty")]
    app = create_app(hub)
    # however busy the machine is, a page shows what was changed just before
    app.extensions["figures"] = Steady(quick_seconds=60)
    return World(hub, *[one.workspace_id for one in made], app)


@pytest.fixture(scope="session")
def world(hub, gate):
    vendors = start()
    try:
        line = vendors.line()
        xero = XeroOrganisation(*(line["xero"][name] for name in ("base_url", "access_token", "tenant_id")))
        account = {"Code": REFUNDS_ACCOUNT, "Name": "Refunds to classify", "Type": "CURRENT"}
        xero.create("Accounts", account | {"EnablePaymentsToAccount": True})
        made = _set_up(hub, line, "World")
        _play(hub, made, line)
    finally:
        vendors.close()
    elsewhere = _set_up(hub, line, "Elsewhere", "other")
    _fill(hub, elsewhere)
    return World(hub, made.workspace_id, elsewhere.workspace_id, gate.empty_id, gate.app)


@pytest.fixture(scope="session")
def reader(world):
    return world.reader("a viewer")


@pytest.fixture(scope="session")
def admin(world):
    return world.reader("an admin", Role.ADMIN)
