"""Somebody who may look at a demo's pages."""

from core.roles import Role
from core.store import users
from demo.run import Demo
from web.passwords import hashed, new_password

GUEST = "guest"


def let_in(demo: Demo) -> str:
    """The password under which the guest may log in, as an administrator of this demo alone."""
    password = new_password(GUEST)
    password_hash = hashed(password, GUEST)
    demo.hub.hub.store.write(
        demo.hub.made.workspace_id, lambda work: users.add(work, GUEST, password_hash, Role.ADMIN, "demo")
    )
    return password
