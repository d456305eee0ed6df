"""What stands before every page: who is it, may they, is the form ours; and the headers that go with every answer."""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit

from flask import abort, current_app, g, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from core.errors import Busy
from core.ids import secret
from core.store import sessions
from web.pages.rules import RULES
from worker.hub import Hub

_COOKIE = "subledger"
_FORM_COOKIE = "subledger-form"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_YEAR_SECONDS = 365 * 24 * 3600


def before() -> Response | None:
    """A page is shown to whom `rules` lets in; a form is taken only from a page of ours."""
    needed = RULES[request.endpoint or ""]
    g.session = _session()
    if request.method == "POST":
        _check_form()
    if needed is None:
        return None
    if g.session is None:
        return redirect(url_for("pages.access.log_in"), 303)
    g.zone = g.session.time_zone
    if not g.session.role.covers(needed):
        abort(403)
    return None


def after(answer: Response) -> Response:
    answer.headers.update(_HEADERS)
    if request.is_secure:
        answer.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    if request.endpoint == "pages.static":
        answer.headers["Cache-Control"] = f"public, max-age={_YEAR_SECONDS}, immutable"
        return answer
    answer.headers["Cache-Control"] = "no-store"
    fresh = g.get("new_form_token")
    if fresh:
        _set_cookie(answer, _FORM_COOKIE, fresh)
    return answer


def form_token() -> str:
    """What every form carries back: bound to the session, or to a cookie of its own where there is none yet."""
    if g.session is not None:
        return _bound(token())
    held = request.cookies.get(_name(_FORM_COOKIE), "")
    if not held:
        held = g.get("new_form_token") or secret()
        g.new_form_token = held
    return _bound(held)


def token() -> str:
    return request.cookies.get(_name(_COOKIE), "")


def token_hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def keep_token(answer: Response, text: str) -> None:
    _set_cookie(answer, _COOKIE, text)


def drop_token(answer: Response) -> None:
    answer.delete_cookie(_name(_COOKIE), secure=request.is_secure, httponly=True, samesite="Lax")


def _session() -> sessions.Session | None:
    held = token()
    if not held or request.endpoint == "pages.static":
        return None
    hub: Hub = current_app.extensions["hub"]
    hashed, now = token_hash(held), hub.clock.now()
    with hub.store.read() as database:
        found = sessions.session(database, hashed, now)
    if found is not None and found.is_stale(now):
        try:
            hub.store.write(found.workspace_id, lambda work: sessions.touch(work, hashed))
        except Busy:
            current_app.logger.info("a session's last use was not noted: the database is busy")
    return found


def _check_form() -> None:
    """The form's token, and the browser's own word on where the form came from."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)
    held = token() if g.session is not None else request.cookies.get(_name(_FORM_COOKIE), "")
    given = request.form.get("form_token", "")
    if not held or not hmac.compare_digest(_bound(held).encode(), given.encode()):
        abort(make_response(current_app.jinja_env.get_template("stale.html").render(), 403))


def _bound(held: str) -> str:
    return hmac.digest(held.encode(), b"form", "sha256").hex()


def _set_cookie(answer: Response, name: str, text: str) -> None:
    answer.set_cookie(_name(name), text, httponly=True, secure=request.is_secure, samesite="Lax", path="/")


def _name(name: str) -> str:
    """Browsers keep a __Host- cookie to this host alone; they take it over https only."""
    return f"__Host-{name}" if request.is_secure else name


def acting() -> str:
    """The actor of what the person at the page does."""
    return f"user:{g.session.user_id}"
