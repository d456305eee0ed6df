"""Calls for a thousand invoices of the standard mix, counted in the vendors' own logs, everything included.

    python -m bench.calls [--invoices 1000] [--json]

An empty hub is given both accounts, polls them once as the schedule does, and works until nothing is left: whatever it
asks of them is counted, from its first word. Then two polls that find nothing, one sale more, found by a poll, and the
reading of everything that follows a day later.
"""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from bench.figures import Figure, Wanted, show, wanted_from
from bench.mix import CREDITED_EVERY
from bench.stage import Stage
from demo.minimum import minimum_calls
from demo.stripe_account import USER_AGENT, StripeAccount
from worker.pull import WHOLE_EVERY

VENDORS = ("stripe", "xero")
A_DAY_LATER = WHOLE_EVERY + timedelta(minutes=1)


def run(wanted: Wanted) -> Iterable[Figure]:
    count = wanted.invoices
    with Stage("sqlite", count) as stage:
        stage.pull("xero")
        stage.pull("stripe")
        stage.work()
        made = asked(stage)
        least = minimum_calls(read_of(count), written_of(count))
        for vendor, target in (("stripe", "at most 26"), ("xero", "at most 75")):
            calls, per = sum(made[vendor].values()), 1000 / count
            yield Figure(f"calls, {vendor}: per 1,000 invoices", calls * per, "calls", target)
            yield Figure(f"calls, {vendor}: of the least there can be", calls / least[vendor], target="at most 1.2")
        stage.pull("stripe")
        yield from since(stage, made, "a poll that finds nothing", ["stripe"])
        before = asked(stage)
        stage.pull("xero")
        yield from since(stage, before, "a poll after it", ["xero"])
        before = asked(stage)
        sell_one_more(stage)
        stage.pull("stripe")
        stage.work()
        yield from since(stage, before, "one sale to a new customer")
        before = asked(stage)
        stage.clock.ahead = A_DAY_LATER
        for vendor in VENDORS:
            stage.pull(vendor)
        stage.work()
        yield from since(stage, before, "everything read again a day later")


def since(stage: Stage, before: dict[str, Counter], what: str, vendors: Iterable[str] = VENDORS) -> Iterable[Figure]:
    """How many more were asked than before, of each."""
    now = asked(stage)
    for vendor in vendors:
        yield Figure(f"calls, {vendor}: {what}", sum((now[vendor] - before[vendor]).values()), "calls")


def asked(stage: Stage) -> dict[str, Counter]:
    """Of the hub alone, by vendor: method and path without ids."""
    return {
        vendor: Counter(
            f"{call['method']} {re.sub('/[0-9a-f]{8}-[0-9a-f-]{27}', '/...', call['path'])}"
            for call in of_the_hub(stage, vendor)
        )
        for vendor in VENDORS
    }


def of_the_hub(stage: Stage, vendor: str) -> list[dict]:
    return [call for call in stage.sandboxes.calls(vendor) if call["headers"].get("user-agent") != USER_AGENT]


def read_of(count: int) -> dict[str, int]:
    credited = -(-count // CREDITED_EVERY)
    return {"invoices": count, "balance_transactions": count + credited, "credit_notes": credited}


def written_of(count: int) -> dict[str, int]:
    credited = -(-count // CREDITED_EVERY)
    return {"Contacts": count, "Invoices": count, "Payments": count, "CreditNotes": credited, "Refunds": credited}


def sell_one_more(stage: Stage) -> None:
    keys = stage.sandboxes.line["stripe"]
    stripe = StripeAccount(keys["base_url"], keys["api_key"])
    customer = stripe.create("customers", name="One more GmbH", address={"country": "DE"})["id"]
    card = stripe.create("payment_methods/pm_card_visa/attach", customer=customer)["id"]
    (rate,) = stripe.all("tax_rates")
    (price,) = stripe.all("prices")
    invoice = stripe.create(
        "invoices",
        customer=customer,
        currency="eur",
        auto_advance=False,
        default_payment_method=card,
        default_tax_rates=[rate["id"]],
    )["id"]
    stripe.create("invoiceitems", customer=customer, invoice=invoice, pricing={"price": price["id"]}, quantity=2)
    stripe.create(f"invoices/{invoice}/finalize")
    stripe.create(f"invoices/{invoice}/pay")


if __name__ == "__main__":
    asked_for = wanted_from(__doc__)
    show(run(asked_for), as_json=asked_for.as_json)
