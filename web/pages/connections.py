"""The connected systems: how each is doing, and how much of its budget is used."""

from flask import Blueprint, render_template

from core.store.reading.pulse import pulses
from web.pages import here

pages = Blueprint("connections", __name__, url_prefix="/connections")


@pages.get("")
def index() -> str:
    with here.hub().store.read() as database:
        return render_template(
            "connections.html",
            links=here.links(database),
            pulses=pulses(database, here.workspace_id()),
            now=here.hub().clock.now(),
        )
