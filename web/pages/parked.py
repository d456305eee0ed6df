"""What needs a person: grouped by cause, in words, with a button where trying again is the remedy."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from connectors.registry import CONNECTORS
from core.reasons import Reason, ReasonCode
from core.store import audit, connections, inbox, outbox
from core.store.audit import Deed
from core.store.reading import waiting
from core.store.work import Work
from web.pages import guard, here
from worker.bell import LaneName

pages = Blueprint("parked", __name__, url_prefix="/parked")

RETRY = "retry"


@pages.get("")
def index() -> str:
    with here.hub().store.read() as database:
        return render_template(
            "parked.html",
            groups=waiting.groups(database, here.workspace_id()),
            held=waiting.held(database, here.workspace_id()),
            links=here.links(database),
            released=request.args.get("released", type=int),
        )


@pages.post("/retry")
def retry() -> Response:
    """Only causes whose remedy it is; whoever presses second finds nothing left to release."""
    hub, workspace_id = here.hub(), here.workspace_id()
    connection_id, code = request.form.get("connection", ""), _code(request.form.get("code", ""))
    with hub.store.read() as database:
        link = connections.connection(database, workspace_id, connection_id)
    if link is None or Reason(code).remedy != RETRY:
        abort(404)

    def release(work: Work) -> int:
        count = outbox.release(work, link.id, [code]) + inbox.release(work, link.id, [code])
        if count:
            audit.note(work, [Deed(f"{count} released", link.id, code.value, actor=guard.acting())])
        return count

    count = hub.store.write(workspace_id, release)
    connector = CONNECTORS[link.vendor]
    lanes = [(kind, "ingest") for kind in connector.reads] + [(kind, "deliver") for kind in connector.writes]
    if count:
        hub.bell.ring(*(LaneName(workspace_id, link.id, kind.value, purpose) for kind, purpose in lanes))
    return redirect(url_for("pages.parked.index", released=count), 303)


def _code(text: str) -> ReasonCode:
    try:
        return ReasonCode(text)
    except ValueError:
        abort(404)
