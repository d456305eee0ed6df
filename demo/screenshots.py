"""Pictures of the pages for the documentation, taken of a real hub that has just played the demo's story."""

import sys
import time
from pathlib import Path

from core.errors import HubError
from core.kinds import Kind
from core.store.reading import documents
from demo.browser import DESKTOP, PHONE, Browser
from demo.guest import GUEST, let_in
from demo.run import Demo

_LOOKS_MAX = 400
_LOOK_SECONDS = 0.25


def take(folder: Path) -> list[Path]:
    """Raises HubError where no browser is installed, before anything is started."""
    with Browser():
        pass
    folder.mkdir(parents=True, exist_ok=True)
    with Demo() as demo:
        demo.play()
        password = let_in(demo)
        _wait_until_seen(demo)
        pictures = _pictures(demo, password, folder, {"overview": "/"}, PHONE, "phone")
        pictures += _pictures(demo, password, folder, {"overview": "/"}, DESKTOP, "")
        _make_trouble(demo)
        pages = _pages(demo)
        pictures += _pictures(demo, password, folder, pages, DESKTOP, "")
        pictures += _pictures(demo, password, folder, {name: pages[name] for name in _ON_PHONE}, PHONE, "phone")
        pictures += _pictures(demo, password, folder, {"record": pages["record"]}, DESKTOP, "dark")
    return pictures


_ON_PHONE = ("parked", "records", "record", "trial-balance")


def _wait_until_in(browser: Browser) -> None:
    """A page that is opened sooner gives way to the one that the log-in leads to."""
    for _ in range(_LOOKS_MAX):
        if "/log-in" not in browser.address:
            return
        time.sleep(_LOOK_SECONDS)
    raise HubError("The log-in led nowhere.")


def _wait_until_seen(demo: Demo) -> None:
    """Until the last poll has shown what is due after the payments."""
    for _ in range(_LOOKS_MAX):
        documents_there = demo.hub.unequal()
        if not documents_there:
            return
        demo.hub.processes.restart_the_dead()
        time.sleep(_LOOK_SECONDS)


def _make_trouble(demo: Demo) -> None:
    """Two sales that need a person: a tax that no rule knows, and a currency without a rate."""
    stripe = demo.stripe
    product = stripe.create("products", name="Workshop")["id"]
    for name, country, currency, amount, percentage in (
        ("Stroopwafel & Zonen B.V.", "NL", "eur", "12900", "21"),
        ("Bergkäserei Enzian AG", "CH", "chf", "48000", ""),
    ):
        price = stripe.create("prices", product=product, currency=currency, unit_amount=amount)["id"]
        customer = stripe.create("customers", name=name, address={"country": country})["id"]
        card = stripe.create("payment_methods/pm_card_visa/attach", customer=customer)["id"]
        taxes = {}
        if percentage:
            rate = stripe.create(
                "tax_rates", display_name="VAT", percentage=percentage, inclusive=False, country=country, tax_type="vat"
            )
            taxes = {"default_tax_rates": [rate["id"]]}
        invoice = stripe.create(
            "invoices", customer=customer, currency=currency, default_payment_method=card, auto_advance=False, **taxes
        )
        stripe.create("invoiceitems", customer=customer, invoice=invoice["id"], pricing={"price": price})
        stripe.create(f"invoices/{invoice['id']}/finalize")
        stripe.create(f"invoices/{invoice['id']}/pay")
    for _ in range(_LOOKS_MAX):
        open_work = demo.hub.open_work()
        if open_work and all("parked" in what or "waiting" in what for what in open_work):
            return
        demo.hub.processes.restart_the_dead()
        time.sleep(_LOOK_SECONDS)
    raise HubError(f"The hub did not come to rest: {demo.hub.open_work()}")


def _pages(demo: Demo) -> dict[str, str]:
    store, workspace_id = demo.hub.hub.store, demo.hub.made.workspace_id
    with store.read() as database:
        page, _ = documents.page(store, database, workspace_id, Kind.INVOICE, "", None)
    arrived = next(one for one in page.rows if one.states and one.states[0].state == "delivered")
    return {
        "overview-trouble": "/",
        "parked": "/parked",
        "records": "/records",
        "record": f"/records/inv_{arrived.id}",
        "deliveries": "/deliveries",
        "delivery": f"/deliveries/{arrived.states[0].delivery_id}",
        "trial-balance": "/trial-balance",
        "comparison": "/comparison",
        "connections": "/connections",
        "people": "/people",
    }


def _pictures(
    demo: Demo, password: str, folder: Path, pages: dict[str, str], size: tuple[int, int], suffix: str
) -> list[Path]:
    taken = []
    with Browser(size, dark=suffix == "dark") as browser:
        browser.open(f"{demo.hub.base_url}/log-in")
        if "overview" in pages:
            pages = {"log-in": "/log-in", **pages}
        for name, path in pages.items():
            if name != "log-in" and "/log-in" in browser.address:
                browser.type_into("input[name=name]", GUEST)
                browser.type_into("input[name=password]", password)
                browser.click("main button")
                _wait_until_in(browser)
            browser.open(demo.hub.base_url + path)
            picture = folder / ("-".join(filter(None, (name, suffix))) + ".png")
            browser.picture(picture, whole=size != PHONE)
            taken.append(picture)
        complaints = browser.complaints()
    if complaints:
        raise HubError(f"The browser complained: {complaints[0]}")
    return taken


if __name__ == "__main__":
    try:
        for made in take(Path("docs/screenshots")):
            sys.stdout.write(f"{made}\n")
    except HubError as error:
        sys.exit(f"screenshots: {error}")
