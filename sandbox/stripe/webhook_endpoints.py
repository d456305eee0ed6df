"""Where events are sent to, and with which secret they are signed."""

from typing import Any

from sandbox.stripe.account import API_VERSION, Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.event_types import EVENT_TYPES
from sandbox.stripe.params import (
    Form,
    Params,
    Parser,
    boolean,
    each,
    listing,
    metadata,
    one_of,
    short_text,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page

_FIELDS: dict[str, Parser] = {"description": short_text, "metadata": metadata}
CREATE = Form(
    {
        **_FIELDS,
        "url*": text,
        "enabled_events*": each(text),
        "api_version": one_of(API_VERSION),
        "connect": boolean,
    }
)
UPDATE = Form({**_FIELDS, "url": text, "enabled_events": each(text), "disabled": boolean})
LIST = listing({})


def create(account: Account, params: Params) -> Row | dict[str, Any]:
    """The secret is shown here and never again."""
    secret = account.next_webhook_secret()
    endpoint = Row(
        {
            "id": account.store.new_id("webhook_endpoint"),
            "object": "webhook_endpoint",
            "api_version": params.get("api_version"),
            "created": account.now(),
            "description": params.get("description"),
            "enabled_events": _known(params["enabled_events"]),
            "metadata": new_metadata(params.get("metadata")),
            "url": _address(params["url"]),
            "_secret": secret,
        }
    )
    account.store.add(endpoint)
    return {**account.show(endpoint), "secret": secret}


def roll_secret(account: Account, endpoint: Row, hours: int) -> dict[str, Any]:
    """A new secret, as it is rolled in the dashboard; for so many hours the old one signs as well."""
    changes = {"_old_secret": endpoint["_secret"], "_old_secret_until": account.now() + hours * 3600}
    account.store.save(endpoint, _secret=account.next_webhook_secret(), **changes)
    return {**account.show(endpoint), "secret": endpoint["_secret"]}


def secrets(account: Account, endpoint: Row) -> tuple[str, ...]:
    """What a webhook is signed with now, the newest first."""
    old, until = endpoint["_old_secret"], endpoint["_old_secret_until"]
    if old and account.now() < until and account.settings.both_secrets_sign:
        return endpoint["_secret"], old
    return (endpoint["_secret"],)


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("webhook_endpoint", id_, "webhook_endpoint")


def update(account: Account, params: Params, id_: str) -> Row:
    endpoint = retrieve(account, params, id_)
    changes: dict[str, Any] = {}
    if "description" in params:
        changes["description"] = params["description"]
    if "metadata" in params:
        changes["metadata"] = merged_metadata(endpoint, params["metadata"])
    if params.get("url"):
        changes["url"] = _address(params["url"])
    if params.get("enabled_events"):
        changes["enabled_events"] = _known(params["enabled_events"])
    if params.get("disabled") is not None:
        changes["status"] = "disabled" if params["disabled"] else "enabled"
    return account.store.save(endpoint, **changes)


def delete(account: Account, params: Params, id_: str) -> Row:
    return account.store.remove(retrieve(account, params, id_))


def listed(account: Account, params: Params) -> Page:
    return account.store.page("webhook_endpoint", params)


def _address(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise StripeError("Invalid URL: an explicit scheme (such as https) must be provided.", param="url")
    return url


def _known(types: list[str]) -> list[str]:
    for at, type_ in enumerate(types):
        if type_ != "*" and type_ not in EVENT_TYPES:
            raise StripeError(f"Invalid enabled_events: unknown event {type_}", param=f"enabled_events[{at}]")
    return types
