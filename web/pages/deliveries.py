"""What is owed and was written elsewhere, down to the exact request."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy import Connection as Database
from sqlalchemy import Row
from werkzeug.wrappers import Response

from connectors.contract import Call
from connectors.contract import Row as Element
from connectors.registry import CONNECTORS
from core.kinds import Kind
from core.lifecycle import DeliveryState
from core.reasons import Reason, ReasonCode
from core.store.connections import Connection
from core.store.reading import deliveries as reading
from core.store.reading.deliveries import Carried
from web.pages import guard, here, told
from worker import decisions
from worker.preview import Preview, preview

pages = Blueprint("deliveries", __name__, url_prefix="/deliveries")

_NOT_LEFT = {DeliveryState.PENDING, DeliveryState.WAITING, DeliveryState.PARKED}

_SAID = {
    "linking": "It is looked up there now; if it is there, this is done.",
    "not linked": "It was not linked: that id, or this document, is linked already, or somebody was quicker.",
    "accepted": "It counts as delivered, as it is there.",
    "too late": "Nothing was left to accept: somebody was quicker.",
}


@pages.get("")
def index() -> str:
    state, connection_id, kind = here.words("state"), here.words("connection"), here.words("kind")
    with here.hub().store.read() as database:
        page = reading.page(database, here.workspace_id(), state, connection_id, kind, here.older())
        return render_template(
            "deliveries.html",
            page=page,
            counts=reading.by_state(database, here.workspace_id()),
            states=list(DeliveryState),
            chosen={"state": state, "connection": connection_id, "kind": kind},
            links=here.links(database),
        )


@pages.get("/<delivery_id>")
def show(delivery_id: str) -> str:
    store, workspace_id = here.hub().store, here.workspace_id()
    with store.read() as database:
        delivery = reading.one(database, workspace_id, here.bare_id(delivery_id))
        if delivery is None:
            abort(404)
        link = here.links(database)[delivery.connection_id]
        carried = reading.carried(store, database, workspace_id, delivery.id)
        reason = None
        if delivery.reason_code:
            reason = Reason(ReasonCode(delivery.reason_code), {"document": delivery.name} | delivery.reason_params)
        return render_template(
            "delivery.html",
            delivery=delivery,
            link=link,
            needs=reading.needs(database, workspace_id, delivery.id),
            carried=[(one, _element(link.vendor, delivery.kind, one)) for one in carried],
            would_be_sent=_would_be_sent(database, link, delivery, reason),
            reason=reason,
            tell=told.telling(database, [reason] if reason else []),
            can=_can(link.vendor, here.kind_named(delivery.kind), delivery.state, reason),
            said=_SAID.get(request.args.get("said", "")),
        )


@pages.post("/<delivery_id>/link")
def link(delivery_id: str) -> Response:
    remote_id = request.form.get("remote_id", "").strip()
    done = decisions.link(here.hub(), here.workspace_id(), here.bare_id(delivery_id), remote_id, guard.acting())
    return _back(delivery_id, "linking" if done else "not linked")


@pages.post("/<delivery_id>/accept")
def accept(delivery_id: str) -> Response:
    done = decisions.accept(here.hub(), here.workspace_id(), here.bare_id(delivery_id), guard.acting())
    return _back(delivery_id, "accepted" if done else "too late")


def _would_be_sent(
    database: Database, link: Connection, delivery: Row[Any], reason: Reason | None
) -> Preview | Reason | None:
    """Of what has not left; a reason that stands there already is not told twice."""
    if DeliveryState(delivery.state) not in _NOT_LEFT:
        return None
    found = preview(here.hub(), database, link, here.kind_named(delivery.kind), delivery.id)
    return None if isinstance(found, Reason) and reason and found.code is reason.code else found


def _can(vendor: str, kind: Kind, state: str, reason: Reason | None) -> str:
    """What a bookkeeper can decide here: "link", "accept theirs", or nothing."""
    if reason is None or state != DeliveryState.PARKED.value:
        return ""
    if reason.remedy == decisions.ACCEPT or decisions.may_link(vendor, kind, reason):
        return reason.remedy
    return ""


def _back(delivery_id: str, said: str) -> Response:
    return redirect(url_for("pages.deliveries.show", delivery_id=delivery_id, said=said), 303)


def _element(vendor: str, kind: str, carried: Carried) -> Element | None:
    """The delivery's own document within the request."""
    writes = CONNECTORS[vendor].writes[here.kind_named(kind)]
    if carried.body is None:
        return None
    sent = carried.push
    return writes.rows(Call(sent.method, sent.path, carried.body, sent.content_type, sent.key))[carried.position]
