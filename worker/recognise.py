"""What a ledger or CRM shows of documents that are ours is kept with their links; its others are not our affair."""

from collections.abc import Mapping
from datetime import datetime

from connectors.contract import Row
from connectors.registry import CONNECTORS
from core.canonical import canonical_json
from core.kinds import Kind
from core.store import bodies, links
from core.store.connections import Connection
from core.store.observations import Observed, observe
from core.store.work import Work
from worker.hub import Hub
from worker.standing import stand


def recognise(
    hub: Hub, work: Work, connection: Connection, kind: Kind, rows: Mapping[str, Row], seen_at: datetime, cause: str
) -> None:
    """Rows by remote id, as they stood at `seen_at`. Our own write coming back is what was shown last: no news."""
    reads = CONNECTORS[connection.vendor].reads[kind]
    linked = links.linked(work.connection, work.workspace_id, connection.id, [(kind, remote_id) for remote_id in rows])
    contents = {remote_id: canonical_json(rows[remote_id]) for _, remote_id in linked}
    seen = {
        remote_id: Observed(
            remote_id,
            content,
            bodies.fingerprint(hub.store, work, content),
            reads.version(rows[remote_id]),
            cause,
        )
        for remote_id, content in contents.items()
    }
    shown = observe(hub.store, work, connection.id, kind, list(seen.values()), seen_at)
    news = [seen[remote_id] for remote_id, is_news in shown.items() if is_news]
    links.show(work, connection.id, kind, {one.remote_id: (one.version, one.content_hash) for one in news})
    stand(work, connection.id, kind, reads, {remote_id: rows[remote_id] for remote_id in shown}, seen_at)
    for other in reads.also:
        recognise(hub, work, connection, other, rows, seen_at, cause)
