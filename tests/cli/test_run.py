"""What `make run` keeps up: a business to look at, whose systems can be used, until somebody ends it."""

import os
import re
import signal

import pytest
import requests
from families import comes, family, gone

from demo.stripe_account import StripeAccount
from demo.xero_books import XeroOrganisation

PATIENCE_SECONDS = 300


@pytest.fixture
def folders(tmp_path):
    """Those that are there while it runs, of its own."""
    return lambda: [path for path in tmp_path.iterdir() if path.name.startswith("subledger-demo-")]


def log_in(address, user, password):
    browser = requests.Session()
    browser.trust_env = False
    token = re.search(r'name="form_token" value="(\w+)"', browser.get(f"{address}/log-in", timeout=30).text)[1]
    form = {"form_token": token, "name": user, "password": password}
    assert browser.post(f"{address}/log-in", data=form, timeout=30).ok
    return browser


def sell(stripe):
    customer = stripe.create("customers", name="Somebody who came later")["id"]
    card = stripe.create("payment_methods/pm_card_visa/attach", customer=customer)["id"]
    invoice = stripe.create("invoices", customer=customer, currency="eur", default_payment_method=card)["id"]
    stripe.create("invoiceitems", customer=customer, invoice=invoice, amount=1234, currency="eur")
    stripe.create(f"invoices/{invoice}/finalize")
    return stripe.create(f"invoices/{invoice}/pay")["number"]


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_SECONDS + 120)
def test_it_can_be_looked_at_and_used_and_ctrl_c_ends_all_of_it(fresh, tmp_path, folders):
    """A terminal's Ctrl-C goes to every process of its group."""
    with fresh.started("run", TMPDIR=str(tmp_path)) as process:
        lines = [process.stdout.readline() for _ in range(5)]
        try:
            told = "".join(lines)
            address = re.search(r"on (http://127\.0\.0\.1:\d+)\n", told)[1]
            browser = log_in(address, *re.search(r"Log in as (\w+) with (\S+)\n", told).groups())
            assert comes(lambda: "<h1>Everything is equal</h1>" in browser.get(address, timeout=30).text)
            stripe = StripeAccount(*re.search(r"Stripe is played on (\S+); its key is (\S+)\n", told).groups())
            number = sell(stripe)
            xero = XeroOrganisation(
                *re.search(r"Xero is played on (\S+); its token is (\S+) for (\S+)\n", told).groups()
            )
            assert comes(lambda: number in {one["InvoiceNumber"] for one in xero.all("Invoices")})
            assert "Somebody who came later" in browser.get(f"{address}/records?q={number}", timeout=30).text
            everybody = family(process.pid)
            assert len(everybody) >= 6
            assert len(folders()) == 1
        finally:
            os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")
    assert lines[-1] == "Ctrl-C stops everything.\n"
    assert gone(everybody)
    assert folders() == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["run", "demo"])
def test_who_does_not_wait_for_the_end_of_the_story_leaves_nothing_behind(fresh, tmp_path, folders, command, ending):
    with fresh.started(command, "--json", TMPDIR=str(tmp_path)) as process:
        try:
            assert comes(lambda: sum("-m cli" in command for command in family(process.pid).values()) > 4)
            everybody = family(process.pid)
        finally:
            process.send_signal(ending)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (130, "", "")
    assert gone(everybody)
    assert folders() == []
