"""What would be sent now for a delivery that has not left: composed as in earnest, from one view of the database, and
then thrown away.
"""

import logging
from dataclasses import dataclass

from sqlalchemy import Connection as Database

from connectors.contract import Row
from connectors.registry import CONNECTORS
from core.kinds import Kind
from core.reasons import Problem, Reason
from core.store import outbox
from core.store.connections import Connection
from core.store.work import Work
from worker.compose import compose
from worker.hub import Hub
from worker.settle import told

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Preview:
    method: str
    path: str
    element: Row


def preview(hub: Hub, database: Database, target: Connection, kind: Kind, delivery_id: str) -> Preview | Reason | None:
    """A reason, if something keeps it from being composed. None, if nothing is to be sent, or not before other
    documents are there.
    """
    work = Work(database, target.workspace_id, hub.clock.now(), hub.store.new_id)
    writes = CONNECTORS[target.vendor].writes[kind]
    try:
        [one] = compose(hub, work, target, kind, writes, outbox.deliveries(work, [delivery_id]))
    except Exception:  # noqa: BLE001 - what stops the work must not stop the page that tells of it
        _log.exception("a delivery could not be composed to be shown", extra={"delivery": delivery_id})
        return None
    if isinstance(one.row, Problem):
        return told(one.row.reason, one.owed, target)
    if one.row is None or one.needs or one.resting:
        return None
    call = writes.call([one.row], one.remote_id is None, "")
    return Preview(call.method, call.path, one.row)
