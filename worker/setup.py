"""A workspace from one JSON text: its book, connections, rulebooks and rates, as a person writes them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import insert, select

from connectors.contract import Role
from connectors.registry import CONNECTORS
from core.canonical import digest
from core.errors import HubError, Misconfigured
from core.money import EXPONENTS
from core.reasons import ReasonCode
from core.store import audit, connections, inbox, ledger, outbox, rulebooks, schema
from core.store.audit import Deed
from core.store.work import Store, Work
from mapping.rulebook import Rulebook


def _day(text: str) -> None:
    try:
        written = date.fromisoformat(text).isoformat()
    except ValueError:
        written = ""
    if written != text:
        raise ValidationError("is not a date such as 2026-11-23")


def _number(text: str) -> None:
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) or not Decimal(text):
        raise ValidationError("is not a number above nothing, such as 60 or 0.5")


_OPTION = validate.OneOf(connections.OPTIONS, error="is not an option of a connection")
_NOT_EMPTY = validate.Length(min=1, error="is empty; leave it out where there is none")
_CURRENCY = validate.OneOf(sorted(EXPONENTS), error="is not a currency of ISO 4217")

_MAY_BE_MENDED = (
    ReasonCode.SLOT_UNMAPPED,
    ReasonCode.RATE_MISSING,
    ReasonCode.CURRENCY_NOT_IN_LEDGER,
    ReasonCode.REFUSED,
)


class _BookSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))
    base_currency = fields.String(required=True, validate=_CURRENCY)
    time_zone = fields.String(
        required=True, validate=validate.OneOf(sorted(available_timezones()), error="is not an IANA time zone")
    )
    country = fields.String(load_default="", validate=validate.Length(max=2))
    fiscal_year_start = fields.String(load_default="01-01", validate=validate.Regexp(r"^\d{2}-\d{2}$"))


class _ConnectionSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))
    vendor = fields.String(required=True, validate=validate.OneOf(sorted(CONNECTORS), error="has no connector here"))
    environment = fields.String(load_default="live", validate=validate.OneOf(["live", "test", "sandbox"]))
    base_url = fields.Url(required=True, require_tld=False)
    identity_url = fields.Url(load_default="", require_tld=False)
    account = fields.String(load_default="")
    secrets = fields.Dict(keys=fields.String(), values=fields.String(validate=_NOT_EMPTY), load_default=dict)
    """api_key; or client_id, client_secret, access_token, refresh_token; webhook_secret"""
    options = fields.Dict(
        keys=fields.String(validate=_OPTION), values=fields.String(validate=_number), load_default=dict
    )
    rulebook = fields.Dict(load_default=None, allow_none=True)


class _RateSchema(Schema):
    currency = fields.String(required=True, validate=_CURRENCY)
    on = fields.String(required=True, validate=_day)
    value = fields.Decimal(
        required=True,
        validate=validate.Range(min=Decimal(0), min_inclusive=False, error="is not above nothing"),
        error_messages={"invalid": "is not a number such as 0.9312, with a point"},
    )
    source = fields.String(required=True, validate=validate.Length(1, 100, error="names nobody"))


class _WorkspaceSchema(Schema):
    workspace = fields.String(required=True, validate=validate.Length(1, 100))
    book = fields.Nested(_BookSchema, required=True)
    connections = fields.List(fields.Nested(_ConnectionSchema), required=True)
    rates = fields.List(fields.Nested(_RateSchema), load_default=list)


_APP_SECRETS = ("client_id", "client_secret", "webhook_secret", "webhook_secret_previous")
COMMAND_LINE = "command line"
TOKEN_SECONDS = 1800
"""A token whose end nobody told is taken to last as long as the shortest of our vendors' tokens."""


@dataclass(frozen=True, slots=True)
class SetUp:
    workspace_id: str
    doors: Mapping[str, str]
    """Connection name to the path that its vendor's webhooks go to."""


def set_up(store: Store, text: str) -> SetUp:
    """Makes the workspace, all of it or nothing. Raises Misconfigured, naming the place and the reason."""
    wanted = _parsed(text)
    with store.read() as database:
        taken = database.execute(
            select(schema.workspace.c.id).where(schema.workspace.c.name == wanted["workspace"])
        ).one_or_none()
    if taken is not None:
        raise Misconfigured(f"There is a workspace named {wanted['workspace']} already; nothing was changed.")
    workspace_id = store.new_id()
    return store.write(workspace_id, lambda work: _make(store, work, wanted))


def workspace_id(store: Store, name: str | None) -> str:
    """The workspace of that name, or the only one there is."""
    with store.read() as database:
        rows = database.execute(select(schema.workspace.c.id, schema.workspace.c.name)).all()
    found = [row.id for row in rows if name is None or row.name == name]
    if len(found) == 1:
        return str(found[0])
    names = ", ".join(sorted(row.name for row in rows)) or "none yet: run `subledger setup FILE`"
    raise Misconfigured(f"Say which workspace is meant with --workspace; there are: {names}.")


def new_rulebook(store: Store, workspace_id: str, connection_name: str, text: str, actor: str) -> int:
    """A new version in force at once; what was parked for want of a choice is tried again. Its number."""
    rules = json.loads(text) if Rulebook.parse(text) else {}

    def add(work: Work) -> int:
        found = connections.named(work.connection, workspace_id, connection_name).id
        version = rulebooks.add(work, found, rules, actor)
        outbox.release(work, found, _MAY_BE_MENDED)
        audit.note(work, [Deed("rulebook changed", found, f"version {version}", "", digest(rules), actor)])
        return version

    return store.write(workspace_id, add)


def new_rate(
    store: Store, workspace_id: str, book_name: str, rate: Mapping[str, str], actor: str = COMMAND_LINE
) -> None:
    """A dated rate with its source; what was parked for want of one is tried again."""
    try:
        wanted = _RateSchema().load(dict(rate))
    except ValidationError as error:
        raise Misconfigured(_sentence(error.messages, "rate")) from None

    def add(work: Work) -> None:
        book = work.connection.execute(
            select(schema.book.c.id).where(
                schema.book.c.workspace_id == work.workspace_id, schema.book.c.name == book_name
            )
        ).scalar_one_or_none()
        if book is None:
            raise Misconfigured(f"There is no book named {book_name} in this workspace.")
        known = ledger.rate_on(work.connection, work.workspace_id, book, wanted["currency"], wanted["on"])
        if known is not None and known.on == wanted["on"]:
            raise Misconfigured(
                f"A rate of {wanted['currency']} on {known.on} stands already, and entries may rest on it: "
                f"{known.value.normalize():f} ({known.source})."
            )
        ledger.set_rate(work, book, wanted["currency"], wanted["on"], wanted["value"], wanted["source"])
        for connection in connections.connections(work.connection, work.workspace_id):
            if connection.book_id == book:
                inbox.release(work, connection.id, _MAY_BE_MENDED)
                outbox.release(work, connection.id, _MAY_BE_MENDED)
        audit.note(work, [Deed("rate set", book, digest(wanted), actor=actor)])

    store.write(workspace_id, add)


def set_webhook_secret(store: Store, workspace_id: str, connection_name: str, secret: str) -> None:
    """The key that the vendor signs with from now on; the one before it stays good for what is under way."""
    if not secret:
        raise Misconfigured("An empty key would let nobody in: give the one that the vendor shows.")

    def put(work: Work) -> None:
        connection = connections.named(work.connection, workspace_id, connection_name)
        app = connections.app(store, work.connection, connection.app_id or "")
        if app is None:
            raise Misconfigured(f"{connection_name} has no app that webhooks could be signed for.")
        old = app.secrets["webhook_secret"]
        texts = {**app.secrets.texts, "webhook_secret": secret, "webhook_secret_previous": old}
        connections.set_app_secrets(store, work, app.id, texts)
        audit.note(work, [Deed("webhook key changed", app.id, "setup", actor=COMMAND_LINE)])

    store.write(workspace_id, put)


def _parsed(text: str) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = _WorkspaceSchema().load(json.loads(text))
    except json.JSONDecodeError as error:
        raise Misconfigured(f"The file is not JSON: line {error.lineno}, {error.msg}.") from None
    except ValidationError as error:
        raise Misconfigured(_sentence(error.messages)) from None
    return loaded


def _make(store: Store, work: Work, wanted: Mapping[str, Any]) -> SetUp:
    work.connection.execute(
        insert(schema.workspace).values(id=work.workspace_id, name=wanted["workspace"], created_at=work.now)
    )
    book_id = work.new_id()
    work.connection.execute(insert(schema.book).values(workspace_id=work.workspace_id, id=book_id, **wanted["book"]))
    doors = {}
    for one in wanted["connections"]:
        secrets = one["secrets"]
        app_id = connections.add_app(
            store,
            work,
            vendor=one["vendor"],
            environment=one["environment"],
            name=one["name"],
            secrets={name: secrets[name] for name in _APP_SECRETS if name in secrets},
        )
        connector = CONNECTORS[one["vendor"]]
        connection_id = connections.add_connection(
            store,
            work,
            book_id=book_id,
            app_id=app_id,
            vendor=one["vendor"],
            environment=one["environment"],
            name=one["name"],
            base_url=one["base_url"],
            identity_url=one["identity_url"],
            account=one["account"],
            credentials={name: text for name, text in secrets.items() if name not in _APP_SECRETS},
            token_expires_at=work.now + timedelta(seconds=TOKEN_SECONDS) if connector.oauth else None,
            options=one["options"],
        )
        if one["rulebook"] is not None:
            try:
                Rulebook.parse(json.dumps(one["rulebook"]))
            except HubError as error:
                raise Misconfigured(f"The rulebook of {one['name']}: {error}") from None
            rulebooks.add(work, connection_id, one["rulebook"], "setup")
        elif connector.role is Role.LEDGER:
            rulebooks.add(work, connection_id, {"slots": {}}, "setup")
        if connector.webhook is not None:
            doors[one["name"]] = f"/webhooks/{one['vendor']}/{app_id}"
    for rate in wanted["rates"]:
        ledger.set_rate(work, book_id, rate["currency"], rate["on"], rate["value"], rate["source"])
    audit.note(work, [Deed("workspace set up", work.workspace_id, "setup", actor=COMMAND_LINE)])
    return SetUp(work.workspace_id, doors)


def _sentence(messages: Any, what: str = "file", place: str = "") -> str:
    """The first thing that is wrong, with its place in what was given."""
    if isinstance(messages, Mapping):
        key, inner = next(iter(messages.items()))
        return _sentence(inner, what, f"{place}.{key}" if place else str(key))
    first = messages[0] if isinstance(messages, list) else messages
    return f"The {what} cannot be used: {place}: {first}"
