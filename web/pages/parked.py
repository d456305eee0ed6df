"""What needs a person: grouped by cause, in words, with a button where the remedy is one."""

from collections.abc import Sequence

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from connectors.registry import CONNECTORS
from core.errors import Misconfigured
from core.reasons import Reason, ReasonCode
from core.store import audit, connections, inbox, outbox
from core.store.audit import Deed
from core.store.connections import Connection
from core.store.reading import waiting
from core.store.reading.waiting import Group
from core.store.work import Work
from web.pages import guard, here, told
from worker.bell import LaneName
from worker.setup import new_rate

pages = Blueprint("parked", __name__, url_prefix="/parked")

RETRY = "retry"


@pages.get("")
def index() -> str:
    return _page(released=request.args.get("released", type=int), rated="rated" in request.args)


def _page(released: int | None = None, rated: bool = False, problem: str = "") -> str:
    with here.hub().store.read() as database:
        groups = waiting.groups(database, here.workspace_id())
        return render_template(
            "parked.html",
            groups=groups,
            held=waiting.held(database, here.workspace_id()),
            tell=told.telling(database, [one.reason for group in groups for one in group.members]),
            links=here.links(database),
            released=released,
            rated=rated,
            problem=problem,
            missing_rates=_missing_rates,
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
    if count:
        hub.bell.ring(*_lanes(link))
    return redirect(url_for("pages.parked.index", released=count), 303)


@pages.post("/rate")
def rate() -> Response | tuple[str, int]:
    """The rate that documents wait for; they go on at once."""
    hub, form = here.hub(), request.form
    with hub.store.read() as database:
        links = here.links(database)
    link = links.get(form.get("connection", ""))
    if link is None:
        abort(404)
    wanted = {name: form.get(name, "").strip() for name in ("currency", "on", "value", "source")}
    try:
        new_rate(hub.store, here.workspace_id(), link.book_name, wanted, guard.acting())
    except Misconfigured as error:
        return _page(problem=str(error)), 422
    hub.bell.ring(*(lane for one in links.values() if one.book_id == link.book_id for lane in _lanes(one)))
    return redirect(url_for("pages.parked.index", rated=1), 303)


def _missing_rates(group: Group) -> Sequence[tuple[str, str, str]]:
    """(currency, base currency, day) of those shown, each once, the oldest day first."""
    found = {tuple(one.reason.params.get(name, "") for name in ("currency", "base", "on")) for one in group.members}
    return sorted(((currency, base, on) for currency, base, on in found), key=lambda one: (one[2], one[0]))


def _lanes(link: Connection) -> list[LaneName]:
    connector = CONNECTORS[link.vendor]
    lanes = [(kind, "ingest") for kind in connector.reads] + [(kind, "deliver") for kind in connector.writes]
    return [LaneName(link.workspace_id, link.id, kind.value, purpose) for kind, purpose in lanes]


def _code(text: str) -> ReasonCode:
    try:
        return ReasonCode(text)
    except ValueError:
        abort(404)
