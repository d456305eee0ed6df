"""Is everything equal, what needs a person, and what the day was like."""

from flask import Blueprint, render_template

from core.kinds import Kind
from core.store.reading import documents, flow, pulse, waiting
from web.pages import chart, here, told
from web.pages.figures import figures
from worker.complaints import complaints

pages = Blueprint("overview", __name__)

_LATEST = 8


@pages.get("/")
def show() -> str:
    hub, workspace_id = here.hub(), here.workspace_id()
    compared = figures()
    with hub.store.read() as database:
        links = here.links(database)
        groups = waiting.groups(database, workspace_id)
        latest, _ = documents.page(hub.store, database, workspace_id, Kind.INVOICE, "", None)
        return render_template(
            "overview.html",
            figures=compared,
            groups=groups,
            tell=told.telling(database, [group.members[0].reason for group in groups]),
            chart=chart.of(flow.last_day(database, workspace_id, hub.clock.now())),
            pulses=pulse.pulses(database, workspace_id, hub.clock.now()),
            latest=latest.rows[:_LATEST],
            links=links,
            said=complaints(database, links.values(), hub.clock.now()),
            now=hub.clock.now(),
        )
