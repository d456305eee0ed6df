"""What a vendor no longer lists: a reason to ask for it by itself, and no more.

A list may lag behind. Only what two readings of everything have not shown is asked for by its id, and only that answer
says that it is gone. Where very much is missing, the account is likelier to be another one, or no longer to be read:
then nothing is asked before a person has looked.
"""

from collections.abc import Sequence
from datetime import datetime

from core.kinds import Kind
from core.reasons import Reason, ReasonCode
from core.store import links, observations
from core.store.connections import Connection
from core.store.inbox import Told
from worker.hub import Hub
from worker.safety_stop import too_many


def missing(hub: Hub, connection: Connection, kinds: Sequence[Kind], since: datetime) -> list[Told]:
    """What was not shown since then, as hints; parked where it is very much. Told again, each is known by its key."""
    with hub.store.read() as database:
        unseen = observations.unseen(database, connection.workspace_id, connection.id, kinds, since)
        if not unseen:
            return []
        there = links.count(database, connection.workspace_id, connection.id, kinds)
    stop = {"connection": connection.name, "count": f"{len(unseen):,}", "there": f"{there:,}"}
    return [
        Told(
            connection.id,
            f"absent:{one.kind} {one.remote_id}:{one.last_seen_at.isoformat()}",
            "absent",
            one.kind,
            one.remote_id,
            "",
            b"",
            None,
            Reason(ReasonCode.MASS_ABSENCE, stop | {"document": one.name}) if too_many(there, len(unseen)) else None,
        )
        for one in unseen
    ]
