"""Logging in and out. Failures are counted by name and address together, by address, and by name: the last one holds
only for addresses that the user has never come from, so that no stranger can lock anybody out.
"""

from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.ids import secret
from core.store import sessions, throttle, users
from core.store.users import User
from core.store.work import Work
from web import passwords
from web.pages import guard
from worker.hub import Hub

pages = Blueprint("access", __name__)

_PAIR_MAX, _ADDRESS_MAX, _NAME_MAX = 5, 30, 50
_WRONG = "Name and password do not fit together."


@pages.get("/log-in")
def log_in() -> str | Response:
    if g.session is not None:
        return redirect(url_for("pages.overview.show"))
    return _form()


@pages.post("/log-in")
def open_session() -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    hub: Hub = current_app.extensions["hub"]
    name, password = request.form.get("name", "")[:200], request.form.get("password", "")[:1000]
    address = _address_hash()
    with hub.store.read() as database:
        found = users.by_name(database, name)
        limits = _limits(name, address)
        if found is not None and sessions.has_come_from(database, found[0].id, address):
            limits.pop(_key("name", name))
        wait_seconds = throttle.wait_seconds(database, limits, hub.clock.now())
    if wait_seconds:
        minutes = -(-wait_seconds // 60)
        sentence = f"Too many tries. Wait {minutes} {'minute' if minutes == 1 else 'minutes'} and try again."
        return _form(name, sentence), 429, {"Retry-After": str(wait_seconds)}
    right = passwords.matches(None if found is None else found[1], password)
    if found is None or not right or found[0].disabled_at is not None:
        hub.store.write("", lambda work: throttle.count_failure(work, _limits(name, address)))
        return _form(name, _WRONG), 401
    return _let_in(hub, found[0], address)


@pages.post("/log-out")
def close_session() -> Response:
    hub: Hub = current_app.extensions["hub"]
    hub.store.write(g.session.workspace_id, lambda work: sessions.end(work, guard.token_hash(guard.token())))
    answer = redirect(url_for("pages.access.log_in"))
    guard.drop_token(answer)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _form(name: str = "", problem: str = "") -> str:
    return render_template("log_in.html", name=name, problem=problem, form_token=guard.form_token())


def _let_in(hub: Hub, user: User, address: str) -> Response:
    """A session begins with a token of its own, whatever the browser had before."""
    token = secret()
    old = guard.token()

    def opened(work: Work) -> None:
        if old:
            sessions.end(work, guard.token_hash(old))
        sessions.open_session(work, user.id, guard.token_hash(token), address)
        throttle.forgive(work, _key("pair", user.name, address))

    hub.store.write(user.workspace_id, opened)
    answer = redirect(url_for("pages.overview.show"), 303)
    guard.keep_token(answer, token)
    return answer


def _limits(name: str, address: str) -> dict[str, int]:
    return {
        _key("pair", name, address): _PAIR_MAX,
        _key("address", address): _ADDRESS_MAX,
        _key("name", name): _NAME_MAX,
    }


def _key(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()


def _address_hash() -> str:
    """Of the network that a household or an office has: an IPv6 address counts with its first 64 bits."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return _key("no address")
    if isinstance(address, IPv6Address):
        return _key("network", str(int(address) >> 64))
    return _key("network", str(address))
