"""Who may see what, in one table: a page that is not in it is shown to nobody, and the hub does not start with one."""

from collections.abc import Mapping

from core.roles import Role

RULES: Mapping[str, Role | None] = {
    "pages.static": None,
    "pages.access.log_in": None,
    "pages.access.open_session": None,
    "pages.access.close_session": Role.VIEWER,
    "pages.overview.show": Role.VIEWER,
    "pages.comparison.show": Role.VIEWER,
    "pages.connections.index": Role.VIEWER,
    "pages.records.index": Role.VIEWER,
    "pages.records.show": Role.VIEWER,
    "pages.records.observation": Role.VIEWER,
    "pages.parked.index": Role.VIEWER,
    "pages.parked.retry": Role.BOOKKEEPER,
    "pages.parked.rate": Role.BOOKKEEPER,
    "pages.deliveries.index": Role.VIEWER,
    "pages.deliveries.show": Role.VIEWER,
    "pages.deliveries.link": Role.BOOKKEEPER,
    "pages.deliveries.accept": Role.BOOKKEEPER,
    "pages.books.trial_balance": Role.VIEWER,
    "pages.books.account": Role.VIEWER,
    "pages.people.index": Role.ADMIN,
    "pages.people.end_sessions": Role.ADMIN,
    "pages.people.disable": Role.ADMIN,
}
"""Endpoint to the least role; None for what is there before anybody has logged in."""
