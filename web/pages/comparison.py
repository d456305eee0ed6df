"""The comparison table, and every document that is not equal."""

from flask import Blueprint, render_template

from core.store.reading.comparison import SHOWN_MAX
from web.pages import here
from web.pages.figures import figures

pages = Blueprint("comparison", __name__, url_prefix="/comparison")


@pages.get("")
def show() -> str:
    with here.hub().store.read() as database:
        links = here.links(database)
    return render_template("comparison.html", figures=figures(), shown_max=SHOWN_MAX, links=links)
