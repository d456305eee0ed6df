"""The connected systems: how each is doing, and how much of its budget is used."""

from flask import Blueprint, render_template

from core.store.reading.pulse import pulses
from web.pages import here
from worker.complaints import complaints

pages = Blueprint("connections", __name__, url_prefix="/connections")


@pages.get("")
def index() -> str:
    now = here.hub().clock.now()
    with here.hub().store.read() as database:
        links = here.links(database)
        return render_template(
            "connections.html",
            links=links,
            pulses=pulses(database, here.workspace_id(), now),
            said=complaints(database, links.values(), now),
            now=now,
        )
