"""The status pages: behind a log-in, rendered here, nothing from elsewhere."""

from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Flask, make_response, render_template, request
from werkzeug.exceptions import HTTPException, ServiceUnavailable
from werkzeug.wrappers import Response

from core.errors import Busy
from web.pages import (
    access,
    books,
    comparison,
    connections,
    deliveries,
    guard,
    here,
    overview,
    parked,
    people,
    records,
    words,
)
from web.pages.rules import RULES
from web.pages.steady import Steady

_PLAIN = ("/webhooks/", "/health", "/ready")
_STATIC = Path(__file__).parent.parent / "static"
_GROUPS = (access, overview, comparison, connections, records, parked, deliveries, books, people)


def add_pages(app: Flask) -> None:
    pages = Blueprint(
        "pages", __name__, static_folder=str(_STATIC), static_url_path="/static", template_folder="../templates"
    )
    for group in _GROUPS:
        pages.register_blueprint(group.pages)
    pages.before_request(guard.before)
    pages.after_request(guard.after)
    app.register_blueprint(pages)
    app.extensions["figures"] = Steady()
    unruled = {name for name in app.view_functions if name.startswith("pages.")} ^ RULES.keys()
    if unruled:
        raise AssertionError(f"rules.py and the pages do not fit together: {', '.join(sorted(unruled))}")
    app.jinja_env.filters.update(words.FILTERS)
    app.jinja_env.globals.update(
        words.GLOBALS, form_token=guard.form_token, needs_you=here.needs_you, version=_version()
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_error_handler(Busy, lambda _: _sorry(ServiceUnavailable()))
    for status in (403, 404, 413, 500, 503):
        app.register_error_handler(status, _sorry)


def _version() -> str:
    """Of the files that browsers may keep for ever: another content, another address."""
    content = b"".join(path.read_bytes() for path in sorted(_STATIC.iterdir()))
    return sha256(content).hexdigest()[:12]


def _sorry(error: HTTPException) -> Response | HTTPException:
    """The same page whether a thing is not there or is another workspace's. Vendors' doors keep their plain answers."""
    if not (request.blueprints and request.blueprints[-1] == "pages") and request.path.startswith(_PLAIN):
        return error
    status = error.code or 500
    answer = make_response(render_template("sorry.html", status=status), status)
    return answer if request.blueprints else guard.after(answer)
