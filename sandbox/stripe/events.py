"""Events, as they were told at the time; kept for 30 days (GK) of the wall clock, whatever they tell of."""

from fnmatch import fnmatchcase

from sandbox.stripe.account import Account
from sandbox.stripe.errors import MalformedParameterError, no_such
from sandbox.stripe.event_types import EVENT_TYPES
from sandbox.stripe.params import Params, boolean, each, listing, span, text
from sandbox.stripe.rows import Row
from sandbox.stripe.store import Page

LIST = listing({"created": span, "delivery_success": boolean, "type": text, "types": each(text)})

DAY_SECONDS = 86_400


def retrieve(account: Account, _: Params, id_: str) -> Row:
    event = account.store.get("event", id_)
    if event["_told_at"] < _kept_since(account):
        raise no_such("event", id_)
    return event


def _kept_since(account: Account) -> int:
    return account.now() - account.settings.events_kept_days * DAY_SECONDS


def listed(account: Account, params: Params) -> Page:
    types, wanted, delivered = params.get("types"), params.get("type"), params.get("delivery_success")
    if types and wanted:
        raise MalformedParameterError("You may only specify one of these parameters: type, types.", param="type")
    most = account.settings.event_types_max
    if types and len(types) > most:
        raise MalformedParameterError(f"You may pass at most {most} types.", param="types")
    since = _kept_since(account)
    if wanted:
        types = [wanted, *(type_ for type_ in EVENT_TYPES if fnmatchcase(type_, wanted))]
    where = {"type": frozenset(types) if types else None, "_delivered": delivered}
    return account.store.page("event", params, where, lambda row: row["_told_at"] >= since)
