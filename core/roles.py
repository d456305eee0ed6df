"""What a person may do at the pages: each role may do what the one before it may, and more."""

from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    """Reads everything."""
    BOOKKEEPER = "bookkeeper"
    """Also resolves what is parked."""
    ADMIN = "admin"
    """Also says who may log in."""

    def covers(self, needed: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)
