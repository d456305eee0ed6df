"""Meters and the events they count; a metered price bills what its meter says of a customer and a period."""

from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import Form, Params, listing, moment, nested, one_of, short_text, text
from sandbox.stripe.rows import Row, Shown
from sandbox.stripe.store import Page

FORMULAS = ("count", "last", "sum")
CREATE = Form(
    {
        "customer_mapping": nested({"event_payload_key*": text, "type*": one_of("by_id")}),
        "default_aggregation*": nested({"formula*": one_of(*FORMULAS)}),
        "display_name*": short_text,
        "event_name*": text,
        "event_time_window": one_of("day", "hour"),
        "value_settings": nested({"event_payload_key*": text}),
    }
)
UPDATE = Form({"display_name": short_text})
LIST = listing({"status": one_of("active", "inactive")})


def _payload(given: Any, at: str) -> dict[str, str]:
    if not isinstance(given, dict):
        raise StripeError("Invalid object", param=at)
    return {name: text(value, f"{at}[{name}]") for name, value in given.items()}


CREATE_EVENT = Form({"event_name*": text, "identifier": text, "payload*": _payload, "timestamp": moment})
LIST_SUMMARIES = listing({"customer*": text, "start_time*": moment, "end_time*": moment})

PAST_DAYS_MAX = 35
FUTURE_SECONDS_MAX = 300
DAY_SECONDS = 86_400


def create(account: Account, params: Params) -> Row:
    for other in account.store.where("billing.meter", "event_name", params["event_name"]):
        if other["status"] == "active":
            raise StripeError(
                f"The event name {params['event_name']} is already used by the active meter {other.id}.",
                code="resource_already_exists",
                param="event_name",
            )
    now = account.now()
    meter = Row(
        {
            "id": account.store.new_id("billing.meter"),
            "object": "billing.meter",
            "created": now,
            "customer_mapping": params.get("customer_mapping")
            or {"event_payload_key": "stripe_customer_id", "type": "by_id"},
            "default_aggregation": params["default_aggregation"],
            "display_name": params["display_name"],
            "event_name": params["event_name"],
            "event_time_window": params.get("event_time_window"),
            "updated": now,
            "value_settings": params.get("value_settings") or {"event_payload_key": "value"},
        }
    )
    return account.add(meter, "billing.meter.created")


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("billing.meter", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    return account.update(retrieve(account, params, id_), "billing.meter.updated", **params)


def deactivate(account: Account, params: Params, id_: str) -> Row:
    meter = retrieve(account, params, id_)
    account.store.save(meter, status="inactive", status_transitions={"deactivated_at": account.now()})
    account.emit("billing.meter.deactivated", meter)
    return meter


def reactivate(account: Account, params: Params, id_: str) -> Row:
    meter = retrieve(account, params, id_)
    account.store.save(meter, status="active", status_transitions={"deactivated_at": None})
    account.emit("billing.meter.reactivated", meter)
    return meter


def listed(account: Account, params: Params) -> Page:
    return account.store.page("billing.meter", params, {"status": params.get("status")})


def record(account: Account, params: Params) -> Row:
    """One event of usage. An identifier that was seen before is refused."""
    meter = next(
        (
            one
            for one in account.store.where("billing.meter", "event_name", params["event_name"])
            if one["status"] == "active"
        ),
        None,
    )
    if meter is None:
        raise StripeError(f"No active meter counts the event {params['event_name']}.", param="event_name")
    payload = params["payload"]
    customer = account.store.named(
        "customer", payload.get(meter["customer_mapping"]["event_payload_key"], ""), "payload"
    )
    now = account.now(customer["test_clock"])
    at = params.get("timestamp") or now
    if not now - PAST_DAYS_MAX * DAY_SECONDS <= at <= now + FUTURE_SECONDS_MAX:
        raise StripeError(
            f"The timestamp must be within the past {PAST_DAYS_MAX} days and at most five minutes ahead.",
            param="timestamp",
        )
    identifier = params.get("identifier") or account.store.letters(32)
    if next(account.store.where("billing.meter_event", "identifier", identifier), None):
        raise StripeError(
            f"An event already exists with identifier {identifier}.",
            code="resource_already_exists",
            param="identifier",
        )
    return account.add(
        Row(
            {
                "id": identifier,
                "object": "billing.meter_event",
                "created": now,
                "event_name": params["event_name"],
                "identifier": identifier,
                "payload": payload,
                "timestamp": at,
                "_customer": customer.id,
                "_meter": meter.id,
                "_value": str(_value(meter, payload)),
            }
        )
    )


def _value(meter: Row, payload: dict[str, str]) -> Decimal:
    if meter["default_aggregation"]["formula"] == "count":
        return Decimal(1)
    try:
        value = Decimal(payload.get(meter["value_settings"]["event_payload_key"], ""))
    except InvalidOperation:
        raise StripeError("The payload has no numeric value.", param="payload") from None
    if not value.is_finite() or value < 0:
        raise StripeError("The value of an event is a non-negative number.", param="payload")
    return value


def usage(account: Account, meter: str, customer: str, start: int, end: int) -> Decimal:
    """From `start` up to but without `end`."""
    events = [
        event
        for event in account.store.where("billing.meter_event", "_customer", customer)
        if event["_meter"] == meter and start <= event["timestamp"] < end
    ]
    formula = account.store.get("billing.meter", meter)["default_aggregation"]["formula"]
    if formula == "last":
        last = max(events, key=lambda event: event["timestamp"], default=None)
        return Decimal(last["_value"] if last else 0)
    return sum((Decimal(event["_value"]) for event in events), Decimal(0))


def summaries(account: Account, params: Params, meter: str) -> Shown:
    """One summary of the whole span."""
    account.store.get("billing.meter", meter)
    start, end = params["start_time"], params["end_time"]
    total = usage(account, meter, params["customer"], start, end)
    summary = {
        "id": f"mtrusg_{meter}_{start}_{end}",
        "object": "billing.meter_event_summary",
        "aggregated_value": float(total),
        "end_time": end,
        "livemode": False,
        "meter": meter,
        "start_time": start,
    }
    url = f"/v1/billing/meters/{meter}/event_summaries"
    return {"object": "list", "data": [summary] if total else [], "has_more": False, "url": url}
