"""Who may log in. Adding and passwords are the command line's: nobody sees another's password here."""

from flask import Blueprint, abort, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from core.store import audit, sessions, users
from core.store.audit import Deed
from core.store.work import Work
from web.pages import guard, here

pages = Blueprint("people", __name__, url_prefix="/people")


@pages.get("")
def index() -> str:
    with here.hub().store.read() as database:
        return render_template(
            "people.html",
            users=users.users(database, here.workspace_id()),
            open_sessions=sessions.open_by_user(database, here.workspace_id(), here.hub().clock.now()),
        )


@pages.post("/<user_id>/end-sessions")
def end_sessions(user_id: str) -> Response:
    known = _known(user_id)

    def end(work: Work) -> None:
        sessions.end_all(work, known)
        audit.note(work, [Deed("sessions ended", known, "at the pages", actor=guard.acting())])

    here.hub().store.write(here.workspace_id(), end)
    return redirect(url_for("pages.people.index"), 303)


@pages.post("/<user_id>/disable")
def disable(user_id: str) -> Response:
    """Nobody shuts themselves out: there would be nobody left to let them in."""
    known = _known(user_id)
    if known == g.session.user_id:
        abort(403)
    here.hub().store.write(here.workspace_id(), lambda work: users.disable(work, known, guard.acting()))
    return redirect(url_for("pages.people.index"), 303)


def _known(user_id: str) -> str:
    with here.hub().store.read() as database:
        if user_id not in {one.id for one in users.users(database, here.workspace_id())}:
            abort(404)
    return user_id
