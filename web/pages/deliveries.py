"""What is owed and was written elsewhere, down to the exact request."""

from flask import Blueprint, abort, render_template

from connectors.contract import Call, Row
from connectors.registry import CONNECTORS
from core.lifecycle import DeliveryState
from core.reasons import Reason, ReasonCode
from core.store.reading import deliveries as reading
from core.store.reading.deliveries import Carried
from web.pages import here

pages = Blueprint("deliveries", __name__, url_prefix="/deliveries")


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
            reason=reason,
        )


def _element(vendor: str, kind: str, carried: Carried) -> Row | None:
    """The delivery's own document within the request."""
    writes = CONNECTORS[vendor].writes[here.kind_named(kind)]
    if carried.body is None:
        return None
    sent = carried.push
    return writes.rows(Call(sent.method, sent.path, carried.body, sent.content_type, sent.key))[carried.position]
