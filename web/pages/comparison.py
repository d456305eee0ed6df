"""The comparison table, and every document that is not equal."""

from flask import Blueprint, render_template

from core.store.reading import comparison as reading
from core.store.reading.control import controls
from web.pages import figures, here

pages = Blueprint("comparison", __name__, url_prefix="/comparison")


@pages.get("")
def show() -> str:
    with here.hub().store.read() as database:
        links = here.links(database)
        differences = reading.differences(database, here.workspace_id(), list(links.values()))
        return render_template(
            "comparison.html",
            columns=figures.columns(database, here.workspace_id(), links),
            loose=[one for one in controls(database, here.workspace_id(), list(links.values())) if not one.ties],
            verdict=figures.verdict(differences),
            differences=differences,
            shown_max=reading.SHOWN_MAX,
            links=links,
        )
