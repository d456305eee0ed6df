"""What a ledger or CRM shows of documents that are ours is kept with their links; its others are not our affair."""

from collections.abc import Mapping
from datetime import datetime

from connectors.contract import Row
from connectors.registry import CONNECTORS
from core.canonical import canonical_json
from core.kinds import Kind
from core.reasons import ReasonCode
from core.store import bodies, links, outbox
from core.store.connections import Connection
from core.store.observations import Observed, observe
from core.store.work import Work
from worker.hub import Hub
from worker.standing import stand


def recognise(
    hub: Hub, work: Work, connection: Connection, kind: Kind, rows: Mapping[str, Row], seen_at: datetime, cause: str
) -> bool:
    """Rows by remote id, as they stood at `seen_at`. Our own write coming back is what was shown last: no news.

    Whether documents of ours were merged there into others.
    """
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
    moved = 0
    if reads.merged_into is not None:
        current = {remote_id: row for remote_id, row in rows.items() if remote_id in shown or remote_id not in seen}
        merged = {remote_id: into for remote_id, row in current.items() if (into := reads.merged_into(row))}
        moved = links.move(work, connection.id, kind, merged)
        if moved:
            # what named the one that is archived now can name the other
            outbox.release(work, connection.id, [ReasonCode.CONTACT_ARCHIVED])
    for other in reads.also:
        recognise(hub, work, connection, other, rows, seen_at, cause)
    return bool(moved)
