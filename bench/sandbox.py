"""How much of a business a sandbox holds, and whether what is asked of it costs the same however much it holds.

    python -m bench.sandbox stripe|xero [--invoices 100000] [--requests]

Paid invoices are made, each with a customer and a payment of its own: at Stripe one after another, half a minute apart
on the sandbox's clock; at Xero in batches, as they are written there. At 1,000 of them and at the end the same
questions are asked, in random order and about random objects; what counts is the ratio of the processor's time, which
does not depend on the machine. With --requests they are made by whole requests through the desk, so that the log of
calls and the answers kept for idempotency keys are there as well; without it by the same endpoints.
"""

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.figures import Figure, show
from sandbox.desk import Desk
from sandbox.kit import Request, Vendor
from sandbox.stripe import Stripe, customers, invoice_items, invoice_states, invoices, payment_methods
from sandbox.xero import Xero

FEW = 1_000
APART_SECONDS = 25
BATCH = 50
ROUNDS = 60
RATIO_MAX = 1.5


@dataclass(frozen=True)
class Trial:
    """One vendor: how paid invoices come to be in it, and what is asked about them."""

    vendor: Vendor
    make: Callable[[int], None]
    """So many more, by its endpoints."""
    make_by_requests: Callable[[Callable[[Request], bytes], int], None]
    questions: Mapping[str, Callable[[random.Random], Request]]
    """By what they are called; each differs from time to time, and each finds something."""
    bytes_outside: Callable[[], int]
    """What it keeps in files, so that it does not show in the process's memory."""


def stripe_trial() -> Trial:
    vendor = Stripe()
    account, authorized = vendor.account, {"authorization": f"Bearer {vendor.credentials()['api_key']}"}
    made: list[tuple[str, int]] = []
    """Every invoice's id and moment of creation."""

    def get(path: str, **params: object) -> Request:
        return Request("GET", f"/v1/{path}", urlencode(params), authorized)

    def some(rng: random.Random) -> tuple[str, int]:
        """Not of the first ones, after which there is little to list, nor of those older than events are kept."""
        return made[rng.randrange(max(len(made) // 2, len(made) - 50_000), len(made))]

    def one() -> None:
        customer = customers.create(account, customers.CREATE.parse({"name": "Acme", "email": "books@acme.example"}))
        card = payment_methods.attach(account, payment_methods.ATTACH.parse({"customer": customer.id}), "pm_card_visa")
        default = {"invoice_settings": {"default_payment_method": card.id}}
        customers.update(account, customers.UPDATE.parse(default), customer.id)
        draft = {"customer": customer.id, "currency": "eur"}
        invoice = invoices.create(account, invoices.CREATE.parse(draft))
        line = {"customer": customer.id, "invoice": invoice.id, "amount": "4900"}
        invoice_items.create(account, invoice_items.CREATE.parse(line))
        invoices.finalize(account, {}, invoice.id)
        assert invoice_states.pay(account, {}, invoice.id)["status"] == "paid"
        made.append((invoice.id, invoice["created"]))

    def make(count: int) -> None:
        while count:
            account.store.begin()
            for _ in range(min(BATCH, count)):
                vendor.clock.move_to_offset(len(made) * APART_SECONDS)
                one()
                count -= 1
            account.store.commit()
            vendor.handle(get("balance"))  # lets what is due happen, as every request does

    def make_by_requests(send: Callable[[Request], bytes], count: int) -> None:
        def post(path: str, **params: object) -> dict[str, object]:
            headers = {
                **authorized,
                "content-type": "application/x-www-form-urlencoded",
                "idempotency-key": f"key-{len(made)}-{path}",
            }
            return json.loads(send(Request("POST", f"/v1/{path}", "", headers, urlencode(params).encode())))

        for _ in range(count):
            vendor.clock.move_to_offset(len(made) * APART_SECONDS)
            customer = post("customers", name="Acme", email="books@acme.example")["id"]
            card = post("payment_methods/pm_card_visa/attach", customer=customer)["id"]
            post(f"customers/{customer}", **{"invoice_settings[default_payment_method]": card})
            invoice = post("invoices", customer=customer, currency="eur")["id"]
            post("invoiceitems", customer=customer, invoice=invoice, amount=4900)
            post(f"invoices/{invoice}/finalize")
            paid = post(f"invoices/{invoice}/pay")
            assert paid["status"] == "paid", paid
            made.append((invoice, paid["created"]))

    def size() -> int:
        pages, page = (
            account.store.database.execute(f"PRAGMA page_{what}").fetchone()[0] for what in ("count", "size")
        )
        return pages * page

    return Trial(
        vendor,
        make,
        make_by_requests,
        {
            "an invoice by its id": lambda rng: get(f"invoices/{some(rng)[0]}"),
            "the newest page of invoices": lambda _: get("invoices", limit=100),
            "a page of invoices in the middle": lambda rng: get("invoices", limit=100, starting_after=some(rng)[0]),
            "invoices with created[gte]": lambda rng: get("invoices", limit=100, **{"created[gte]": some(rng)[1]}),
            "a page of events of one type": lambda rng: get(
                "events", limit=100, type="invoice.paid", **{"created[lte]": some(rng)[1]}
            ),
            "a page of events of any type": lambda rng: get("events", limit=100, **{"created[lte]": some(rng)[1]}),
            "the payments of an invoice": lambda rng: get("invoice_payments", invoice=some(rng)[0]),
            "the balance": lambda _: get("balance"),
        },
        size,
    )


def xero_trial() -> Trial:
    vendor = Xero()
    credentials = vendor.credentials()
    headers = {
        "authorization": f"Bearer {credentials['access_token']}",
        "xero-tenant-id": credentials["tenant_id"],
        "accept": "application/json",
    }
    made: list[tuple[str, str]] = []
    """Every invoice's id and number."""

    def get(path: str, since: str | None = None, **params: object) -> Request:
        with_moment = headers if since is None else {**headers, "if-modified-since": since}
        return Request("GET", f"/api.xro/2.0/{path}", urlencode(params), with_moment)

    def some(rng: random.Random) -> tuple[str, str]:
        return made[rng.randrange(len(made))]

    def whole_page(rng: random.Random) -> int:
        """Not the last page, which is not full."""
        return rng.randrange(1, len(made) // 100)

    def moment(rng: random.Random) -> str:
        """After which a page of invoices was changed, or more."""
        (invoice_id, _) = made[rng.randrange(len(made) - 100)]
        return vendor.ledger.invoices[invoice_id].updated_at.isoformat()

    def batch(send: Callable[[Request], bytes], count: int, *, keys: bool) -> None:
        def put(name: str, elements: list[dict[str, object]]) -> list[dict[str, str]]:
            body = json.dumps({name: elements}).encode()
            key = {"idempotency-key": f"{name}-{len(made)}"} if keys else {}
            request = Request("PUT", f"/api.xro/2.0/{name}", "", headers | key, body)
            return json.loads(send(request))[name]

        first = len(made)
        rows = put(
            "Invoices",
            [
                {
                    "Type": "ACCREC",
                    "Status": "AUTHORISED",
                    "InvoiceNumber": f"A-{number}",
                    "Reference": f"in_{number}",
                    "Contact": {"Name": f"Acme {number}", "ContactNumber": f"cus_{number}"},
                    "Date": "2026-03-01",
                    "DueDate": "2026-03-31",
                    "LineItems": [{"Description": "Plan", "Quantity": 1, "UnitAmount": 49, "AccountCode": "200"}],
                }
                for number in range(first, first + count)
            ],
        )
        payments = [
            {
                "Invoice": {"InvoiceID": row["InvoiceID"]},
                "Account": {"Code": "1200"},
                "Date": "2026-03-02",
                "Amount": row["AmountDue"],
                "Reference": row["Reference"],
            }
            for row in rows
        ]
        assert len(put("Payments", payments)) == count
        made.extend((row["InvoiceID"], row["InvoiceNumber"]) for row in rows)

    def make(send: Callable[[Request], bytes], count: int, *, keys: bool) -> None:
        while count:
            batch(send, min(BATCH, count), keys=keys)
            count -= min(BATCH, count)

    return Trial(
        vendor,
        lambda count: make(lambda request: vendor.handle(request).body, count, keys=False),
        lambda send, count: make(send, count, keys=True),
        {
            "an invoice by its id": lambda rng: get(f"invoices/{some(rng)[0]}"),
            "the first page of invoices": lambda _: get("invoices", page=1),
            "any page of invoices": lambda rng: get("invoices", page=whole_page(rng)),
            "invoices by IDs": lambda rng: get("invoices", page=1, IDs=",".join(some(rng)[0] for _ in range(40))),
            "invoices by InvoiceNumbers": lambda rng: get(
                "invoices", page=1, InvoiceNumbers=",".join(some(rng)[1] for _ in range(40))
            ),
            "invoices with If-Modified-Since": lambda rng: get("invoices", moment(rng), page=1),
            "the payments of an invoice": lambda rng: get(
                "payments", page=1, where=f'Invoice.InvoiceID==guid("{some(rng)[0]}")'
            ),
            "a contact by its number": lambda rng: get(
                "contacts", page=1, where=f'ContactNumber=="cus_{some(rng)[1].removeprefix("A-")}"'
            ),
        },
        lambda: 0,
    )


TRIALS: Mapping[str, Callable[[], Trial]] = {"stripe": stripe_trial, "xero": xero_trial}


def measured(trial: Trial) -> dict[str, float]:
    """The median of the processor's milliseconds for each question."""
    rng = random.Random(1)
    took: dict[str, list[float]] = {name: [] for name in trial.questions}
    for _ in range(ROUNDS):
        for name in rng.sample(sorted(trial.questions), len(trial.questions)):
            request = trial.questions[name](rng)
            began = time.process_time()
            response = trial.vendor.handle(request)
            took[name].append((time.process_time() - began) * 1000)
            assert response.status == 200, response.body
    return {name: statistics.median(of) for name, of in took.items()}


def memory_mb() -> float:
    """Of this process, now, where the system tells (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(vendor: str, count: int, *, by_requests: bool = False) -> Iterator[Figure]:
    empty = memory_mb()
    trial = TRIALS[vendor]()
    desk = Desk(trial.vendor)

    def send(request: Request) -> bytes:
        exchange = desk.answer(request, time.sleep)
        desk.answered(exchange)
        return exchange.response.body

    def make(more: int) -> None:
        trial.make_by_requests(send, more) if by_requests else trial.make(more)

    began, worked = time.perf_counter(), time.process_time()
    make(min(FEW, count))
    before = measured(trial)
    make(count - min(FEW, count))
    yield Figure(f"{count} paid invoices made", time.perf_counter() - began, "seconds")
    yield Figure(f"{count} paid invoices made, on the processor", time.process_time() - worked, "seconds")
    yield Figure("memory of the process when it is empty", empty, "MB")
    yield Figure(f"memory of the process that holds {count}", memory_mb(), "MB", "at most 1000")
    yield Figure("its temporary file", trial.bytes_outside() / 1e6, "MB")
    after = measured(trial)
    for name in before:
        yield Figure(f"{name}: at {FEW}", before[name], "ms")
        yield Figure(f"{name}: at {count} against {FEW}", after[name] / before[name], target=f"at most {RATIO_MAX}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sandbox", description=__doc__.splitlines()[0])
    parser.add_argument("vendor", choices=sorted(TRIALS))
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--requests", action="store_true", help="make them by whole requests, logged and with keys")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each figure")
    wanted = parser.parse_args()
    show(run(wanted.vendor, wanted.invoices, by_requests=wanted.requests), as_json=wanted.json)


if __name__ == "__main__":
    main()
