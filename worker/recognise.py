"""What a ledger or CRM shows of documents that are ours is kept with their links; its others are not our affair."""

from collections.abc import Mapping
from datetime import datetime

from connectors.contract import Row
from connectors.registry import CONNECTORS
from core.canonical import canonical_json
from core.kinds import Kind
from core.store import bodies, records
from core.store.connections import Connection
from core.store.records import Observed
from core.store.work import Work
from worker.hub import Hub


def recognise(
    hub: Hub, work: Work, connection: Connection, kind: Kind, rows: Mapping[str, Row], seen_at: datetime, cause: str
) -> None:
    """Rows by remote id, as they stood at `seen_at`. Our own write coming back is what was shown last: no news."""
    reads = CONNECTORS[connection.vendor].reads[kind]
    ours = records.linked(work.connection, work.workspace_id, connection.id, [(kind, remote_id) for remote_id in rows])
    latest = records.latest_observations(work, connection.id, kind, [remote_id for _, remote_id in ours])
    for _, remote_id in ours:
        content = canonical_json(rows[remote_id])
        content_hash = bodies.fingerprint(hub.store, work, content)
        old_hash, old_seen_at = latest.get(remote_id, ("", seen_at))
        if old_hash == content_hash or old_seen_at > seen_at:
            continue
        version = reads.version(rows[remote_id])
        seen = Observed(connection.id, kind, remote_id, content, content_hash, version, cause, seen_at)
        records.observe(hub.store, work, [seen])
        records.show(work, connection.id, kind, remote_id, version=version, shown_hash=content_hash)
