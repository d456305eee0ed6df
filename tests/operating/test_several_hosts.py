"""The guide to several hosts, followed with servers of the test's own: what it says is what is done here."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from redis.exceptions import RedisError
from shop import workspace
from sqlalchemy import text

from core.settings import settings_from
from demo import auditor
from demo.stripe_account import StripeAccount
from demo.stripe_books import read_stripe
from demo.workspace import REFUNDS_ACCOUNT
from demo.xero_books import XeroOrganisation, read_xero
from worker.bell import connect
from worker.embedded import _binary

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/running.md").read_text(encoding="utf-8")
BELLS_PASSWORD = "another-long-password"
LOOKS, LOOK_SECONDS = 480, 0.25
"""Longer than a lease: who is killed may have held one."""


def block(language, first):
    """The guide's own words."""
    [found] = re.findall(rf"```{language}\n({first}.*?)```", GUIDE, re.DOTALL)
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def comes(look):
    for _ in range(LOOKS):
        if look():
            return True
        time.sleep(LOOK_SECONDS)
    return False


@pytest.fixture
def database(postgresql_cluster):
    """As the guide makes it; the address as its owner has it."""
    cluster, admin = postgresql_cluster
    with admin.connect() as connection:
        # the tests' own administrator has that name already
        for statement in filter(str.strip, block("sql", "CREATE ROLE").replace("subledger", "hosts").split(";")):
            connection.exec_driver_sql(statement)
    yield f"postgresql://hosts:a-long-password@127.0.0.1:{cluster.port}/hosts"
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE hosts WITH (FORCE)"))
        connection.execute(text("DROP ROLE hosts"))


@pytest.fixture
def bell(tmp_path):
    """With the settings of the guide, on a port."""
    port, settings = free_port(), tmp_path / "redis.conf"
    settings.write_text(block("ini", "maxmemory-policy"))
    address = f"redis://:{BELLS_PASSWORD}@127.0.0.1:{port}/0"
    with subprocess.Popen(
        [_binary(), str(settings), "--port", port, "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            with connect(settings_from({"REDIS_URL": address}), timeout_seconds=1) as redis:
                assert comes(lambda: answers(redis))
            yield address
        finally:
            process.terminate()


def answers(redis):
    try:
        return redis.ping()
    except RedisError:
        return False


def sell(stripe, *names):
    for name in names:
        customer = stripe.create("customers", name=name)["id"]
        card = stripe.create("payment_methods/pm_card_visa/attach", customer=customer)["id"]
        invoice = stripe.create("invoices", customer=customer, currency="eur", default_payment_method=card)["id"]
        stripe.create("invoiceitems", customer=customer, invoice=invoice, amount=1999, currency="eur")
        stripe.create(f"invoices/{invoice}/finalize")
        stripe.create(f"invoices/{invoice}/pay")


class Host:
    """A machine with the settings that all hosts share, and nothing else in common with them."""

    def __init__(self, home, told):
        home.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "SUBLEDGER_HOME": str(home / "hub"),
            "SUBLEDGER_PORT": free_port(),
            **told,
        }
        self.home = home
        self.children = []

    def does(self, *words):
        done = subprocess.run(
            [sys.executable, "-m", "cli", *words, "--json"],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), words
        return json.loads(done.stdout)

    @contextmanager
    def runs(self, *processes):
        children = [
            subprocess.Popen(
                [sys.executable, "-m", "cli", process, "--json"],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for process in processes
        ]
        try:
            assert [json.loads(child.stdout.readline())["up"] for child in children] == list(processes)
            yield children
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(60)
                child.stdout.close()


@pytest.mark.timeout(400)
def test_hosts_that_share_a_database_and_a_bell_are_one_hub_and_any_of_them_may_go(tmp_path, database, bell, vendors):
    told = dict(re.findall(r"^(\w+)=(.*)$", block("ini", "DATABASE_URL"), re.MULTILINE))
    assert list(told) == ["DATABASE_URL", "REDIS_URL", "SUBLEDGER_KEYS", "SUBLEDGER_TRUSTED_PROXIES"]
    assert BELLS_PASSWORD in told["REDIS_URL"]
    key = Host(tmp_path / "anywhere", {}).does("key")["key"]
    told |= {"DATABASE_URL": database, "REDIS_URL": bell, "SUBLEDGER_KEYS": key}
    first, second, third = (Host(tmp_path / name, told) for name in ("first", "second", "third"))

    line = vendors.line()
    (first.home / "my-business.json").write_text(json.dumps(workspace(line)))
    first.does("db", "upgrade")
    doors = first.does("setup", str(first.home / "my-business.json"))["doors"]
    first.does("user", "add", "you", "--role", "admin")
    address = f"http://127.0.0.1:{first.environment['SUBLEDGER_PORT']}"
    stripe = StripeAccount(line["stripe"]["base_url"], line["stripe"]["api_key"])
    xero = XeroOrganisation(*(line["xero"][name] for name in ("base_url", "access_token", "tenant_id")))
    stripe.create(
        "webhook_endpoints",
        url=address + doors["Stripe"],
        enabled_events=["*"],
        api_version="2026-10-28.endive",
    )

    def equal():
        sold, kept = read_stripe(stripe), read_xero(xero, REFUNDS_ACCOUNT)
        return sold.documents and not auditor.mismatches(sold, kept)

    with first.runs("web", "scheduler"), second.runs("worker") as there, third.runs("worker"):
        assert requests.get(f"{address}/ready", timeout=30).json() == {"status": "ready"}
        sell(stripe, "Zoë", "Noël", "Peña")
        assert comes(equal)
        for child in there:  # the machine is gone, with whatever it was at
            child.kill()
        sell(stripe, "Müller", "Łódź")
        assert comes(equal)
        for host in (first, second, third):
            assert all(one["good"] for one in host.does("doctor")["findings"])
    assert not (second.home / "hub").exists(), "nothing is kept on a host"
