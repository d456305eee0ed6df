"""Hop 3: what we know and they do not yet have is written there, in batches, each write asked about before repeated."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from operator import methodcaller

from connectors.contract import Call, Client, Outcome, Row, Writes
from connectors.registry import CONNECTORS
from core.canonical import canonical_json
from core.errors import GrantLost, RetryAfter, VendorError
from core.failpoint import failpoint
from core.kinds import Kind
from core.reasons import Problem, Reason, ReasonCode
from core.remedies import Remedy, remedy
from core.store import connections, links, outbox, pushes, records
from core.store.outbox import Owed
from core.store.pushes import Push
from core.store.work import Work
from worker import budget, safety_stop
from worker.backup import asks_first
from worker.bell import LaneName
from worker.calls import Caller, rest
from worker.compose import Composed, compose, named_there
from worker.hub import Hub
from worker.lane import Held, working
from worker.periods import Periods
from worker.recognise import recognise
from worker.settle import content_hash, settle, told


class _VendorAway(Exception):
    """The connection has to be left alone for now; what was being done is back in its place."""


def deliver(hub: Hub, workspace_id: str, connection_id: str, kind: Kind) -> set[LaneName]:
    """Works off what is owed of one kind to one connection. The lanes that now have work."""
    rings: set[LaneName] = set()
    with working(hub, workspace_id, connection_id, kind, "deliver") as held:
        if held is None or kind not in CONNECTORS[held.connection.vendor].writes:
            return rings
        drain = _Drain(hub, held, kind, rings)
        try:
            drain.ask_about_lost_answers()
            held.write(lambda work: outbox.look_again(work, connection_id, kind))
            while held.time_left():
                if not drain.send_a_batch():
                    return rings
        except _VendorAway:
            return rings
        rings.add(held.name)
    return rings


class _Drain:
    def __init__(self, hub: Hub, held: Held, kind: Kind, rings: set[LaneName]) -> None:
        self.hub = hub
        self.held = held
        self.kind = kind
        self.rings = rings
        self.connector = CONNECTORS[held.connection.vendor]
        self.writes: Writes = self.connector.writes[kind]
        self.caller = Caller(held, self.connector)
        self.periods = Periods(held, self.connector, self.caller)
        is_low = budget.is_low(held.connection, self.connector, hub.clock.now())
        self.patience = budget.PATIENCE if is_low and self.writes.batch_max > 1 else timedelta()

    def send_a_batch(self) -> bool:
        """False when nothing is ready to be sent."""
        target = self.held.connection
        # a commit of its own: what makes the composing stop has then been counted as tried
        owed = self.held.write(
            lambda work: outbox.claim(work, target.id, self.kind, self.writes.batch_max, self.patience)
        )
        if not owed:
            return False
        failpoint("P12", self.kind)
        ready = self._sorted_out(owed)
        calls: dict[tuple[bool, str], list[Composed]] = {}
        for one in sorted(ready, key=lambda one: one.remote_id is not None):
            assert isinstance(one.row, dict)
            calls.setdefault((one.remote_id is not None, self.writes.apart(one.row)), []).append(one)
        groups = list(calls.values())
        while groups:
            group = groups.pop(0)
            try:
                self._send(group)
            except _VendorAway:
                unsent = [one.owed.id for rest in groups for one in rest]
                self.held.write(partial(outbox.untried, delivery_ids=unsent))
                raise
        return True

    def _sorted_out(self, owed: Sequence[Owed]) -> list[Composed]:
        try:
            if self.periods.are_to_be_read():
                self.periods.read()
            ready = self.held.write(partial(self._sort_out, owed=owed))
            if ready is None:
                self.periods.read()
                ready = self.held.write(partial(self._sort_out, owed=owed))
        except (RetryAfter, GrantLost) as trouble:
            self.held.write(lambda work: outbox.untried(work, [one.id for one in owed]))
            if isinstance(trouble, RetryAfter):
                rest(self.hub, self.held.connection, trouble)
            raise _VendorAway from None
        assert ready is not None, "what was read just now is fresh"
        return ready

    def _sort_out(self, work: Work, owed: Sequence[Owed]) -> list[Composed] | None:
        """Parks, puts to wait and settles what needs no call; the rest is to be sent. None, and nothing is moved, if
        something would be held on a word about closed periods that is not fresh.
        """
        target = self.held.connection
        left = outbox.still_ready(work, [one.id for one in owed])
        composed = compose(self.hub, work, target, self.kind, self.writes, [one for one in owed if one.id in left])
        said = links.sent_hashes(work, target.id, [one.owed.record_id for one in composed])
        held = [one for one in composed if self.periods.holds(one.date) and _is_to_be_sent(one, said)]
        if held and not self.periods.are_fresh():
            return None
        ready, settled, demanding, leaving = [], [], [], []
        for one in composed:
            if isinstance(one.row, Problem) and remedy(one.row.reason) is Remedy.WAIT:
                reason = told(one.row.reason, one.owed, target)
                outbox.hold(work, one.owed.id, reason, news_of=[record_id for _, record_id in one.needs])
            elif isinstance(one.row, Problem):
                outbox.park(work, one.owed.id, told(one.row.reason, one.owed, target))
            elif one.needs:
                demanding.append(one)
            elif one.resting:
                leaving.append(one)
            elif not _is_to_be_sent(one, said):
                settled.append(one.owed)
            elif one in held:
                reason = told(self.periods.why(one.date), one.owed, target)
                outbox.hold(work, one.owed.id, reason, until=self.periods.next_look(work.now))
            else:
                ready.append(one)
        self._demand(work, demanding)
        self._wait(work, {one.owed.id: one.resting for one in leaving}, leaving=True)
        outbox.settle(work, [owed.id for owed in settled])
        # what waited for a record that turns out to owe nothing there waits no longer
        for kind in outbox.wake(work, target.id, [owed.record_id for owed in settled]):
            self.rings.add(LaneName(target.workspace_id, target.id, kind, "deliver"))
        return ready

    def _demand(self, work: Work, demanding: Sequence[Composed]) -> None:
        """What is needed there and was never owed is owed now; these deliveries sleep until it has arrived."""
        if not demanding:
            return
        target = self.held.connection
        needed = {record_id: of for one in demanding for of, record_id in one.needs}
        never_owed = needed.keys() - outbox.owed_ever(work, target.id, needed)
        owed: dict[Kind, dict[str, tuple[int, Sequence[str]]]] = {}
        for record_id, known in records.known(work, never_owed).items():
            owed.setdefault(needed[record_id], {})[record_id] = (known.revision, [""])
        for kind, revisions in owed.items():
            outbox.owe(work, target.id, kind, revisions)
            self.rings.add(LaneName(target.workspace_id, target.id, kind.value, "deliver"))
        self._wait(work, {one.owed.id: one.needs for one in demanding}, leaving=False)

    def _wait(self, work: Work, needs: Mapping[str, Iterable[tuple[Kind, str]]], *, leaving: bool) -> None:
        needed = {delivery_id: [record_id for _, record_id in of] for delivery_id, of in needs.items()}
        if needed and outbox.wait_for(work, self.held.connection.id, needed, leaving=leaving):
            self.rings.add(self.held.name)

    def _send(self, group: Sequence[Composed]) -> None:
        prepared = self.held.write(partial(self._prepared, group=group))
        if prepared is None:
            return
        push, call, rows = prepared
        target = self.held.connection
        failpoint("P14", self.kind)
        if group[0].remote_id is None and push.members[0].attempts == 0 and asks_first(target, self.hub.clock.now()):
            # nothing was sent, and yet it may be there: the question decides
            self._lose(push, self.hub.clock.now())
            self._ask(push)
        else:
            self._send_push(push, call, rows, {one.owed.id: one.date for one in group})

    def _prepared(self, work: Work, group: Sequence[Composed]) -> tuple[Push, Call, Sequence[Row]] | None:
        """None if nothing is to be sent: later revisions took the place of all of them, or they are too many."""
        target = self.held.connection
        left = outbox.still_ready(work, [one.owed.id for one in group])
        members = [one.owed for one in group if one.owed.id in left]
        rows: list[Row] = [one.row for one in group if one.owed.id in left and isinstance(one.row, dict)]
        if not members:
            return None
        if group[0].remote_id is not None:
            is_full = 1 < self.writes.batch_max == len(members)
            if reason := safety_stop.why_not(work, self.held, self.kind, len(members), is_full=is_full):
                for owed in members:
                    outbox.park(work, owed.id, told(reason, owed, target))
                return None
        # a key of its own for every push: none is sent twice, and what was refused is not to be refused from memory
        call = self.writes.call(rows, group[0].remote_id is None, self.hub.store.new_id())
        push = pushes.prepare(
            self.hub.store,
            work,
            target.id,
            self.kind,
            method=call.method,
            path=call.path,
            content_type=call.content_type,
            key=call.key,
            body=call.body,
            members=members,
        )
        return push, call, rows

    def _send_push(self, push: Push, call: Call, rows: Sequence[Row], dates: Mapping[str, str]) -> None:
        ids = [owed.id for owed in push.members]
        try:
            answer = self.caller.call(lambda client: client.push(call))
        except VendorError as trouble:
            self._mend(push, ids, trouble)
        else:
            failpoint("P17", self.kind)
            outcomes = self.periods.told(self.writes.answer(rows, answer), [dates[one] for one in ids])
            self._settle(push, rows, outcomes, "answered", canonical_json(answer), self._outdated(push, outcomes))
            failpoint("P18", self.kind)

    def ask_about_lost_answers(self) -> None:
        """Whatever was sent by a worker that is no more, or whose answer was lost: did it take effect there?"""
        target = self.held.connection
        for state, ask_after, push in self.held.write(
            lambda work: pushes.unsettled(self.hub.store, work, target.id, self.kind)
        ):
            moment = ask_after or push.created_at + timedelta(seconds=self._settle_seconds())
            if state == "sent":
                self._lose(push, moment)
            if moment <= self.hub.clock.now():
                self._ask(push)

    def _ask(self, push: Push) -> None:
        rows = self.writes.rows(Call(push.method, push.path, push.body, push.content_type, push.key))
        outcomes: list[Outcome] = []
        try:
            for start in range(0, len(rows), self.writes.question_max):
                some = rows[start : start + self.writes.question_max]
                answer = self.caller.call(methodcaller("ask", self.writes.question(some)))
                outcomes += self.writes.found(some, answer)
        except RetryAfter as trouble:
            rest(self.hub, self.held.connection, trouble)
            raise _VendorAway from None
        except VendorError as error:
            unanswered = RetryAfter(f"A question about {push.members[0].name} was not answered: {error}", 30)
            rest(self.hub, self.held.connection, unanswered)
            raise _VendorAway from None
        self._settle(push, rows, outcomes, "found by asking", None)

    def _mend(self, push: Push, ids: Sequence[str], trouble: VendorError) -> None:
        """A call that did not succeed, by the table of remedies. A refused token has been replaced before."""
        match remedy(trouble):
            case Remedy.RETRY_AFTER | Remedy.PAUSE:
                self._nothing_done(push, ids)
                if isinstance(trouble, RetryAfter):
                    rest(self.hub, self.held.connection, trouble)
                raise _VendorAway from None
            case Remedy.ASK_FIRST:
                self._lose(push, self.hub.clock.now() + timedelta(seconds=self._settle_seconds()))
            case Remedy.PARK:
                self._refused(push, ids, trouble)
            case _:
                raise trouble

    def _outdated(self, push: Push, outcomes: Sequence[Outcome]) -> set[ReasonCode]:
        """Reasons of refusals that rest on something that changed there since it was read. It is read again, and the
        documents are composed again; what is refused on a fresh word is for a person.
        """
        refused = {
            owed.id: one.reason.code
            for owed, one in zip(push.members, outcomes, strict=True)
            if isinstance(one, Problem) and remedy(one.reason) is Remedy.RECOMPOSE
        }
        outdated = set()
        if ReasonCode.PERIOD_LOCKED in refused.values() and not self.periods.are_fresh():
            outdated.add(ReasonCode.PERIOD_LOCKED)
        orphans = [owed for owed in push.members if refused.get(owed.id) is ReasonCode.CONTACT_ARCHIVED]
        if orphans and self._have_moved(orphans):
            outdated.add(ReasonCode.CONTACT_ARCHIVED)
        return outdated

    def _have_moved(self, members: Sequence[Owed]) -> bool:
        """Whether something that these documents name, read again, was merged there into something else."""
        target = self.held.connection
        with self.hub.store.read() as database:
            named = named_there(self.hub, database, target, self.kind, [owed.record_id for owed in members])
        seen_at, shown = self.hub.clock.now(), {}
        try:
            for kind, ids in named.items():
                shown[kind] = self.caller.call(partial(_fetched, kind=kind, ids=ids))
        except VendorError:
            return False

        def recognised(work: Work) -> bool:
            moved = [
                recognise(self.hub, work, target, kind, rows, seen_at, "reference") for kind, rows in shown.items()
            ]
            return any(moved)

        return self.held.write(recognised)

    def _settle(
        self,
        push: Push,
        rows: Sequence[Row],
        outcomes: Sequence[Outcome],
        how: str,
        answer: bytes | None,
        outdated: Collection[ReasonCode] = (),
    ) -> None:
        connection = self.held.connection

        def settled(work: Work) -> set[str]:
            connections.succeeded(work, connection.id)
            if ReasonCode.PERIOD_LOCKED in outdated:
                self.periods.doubt(work)
            woken = settle(self.hub, work, connection, self.kind, self.writes, push, rows, outcomes, how, outdated)
            pushes.close(self.hub.store, work, push.id, how, answer)
            return woken

        for kind in self.held.write(settled):
            self.rings.add(LaneName(connection.workspace_id, connection.id, kind, "deliver"))

    def _lose(self, push: Push, ask_after: datetime) -> None:
        self.held.write(lambda work: pushes.lose(work, push.id, push.members, ask_after))

    def _nothing_done(self, push: Push, ids: Sequence[str]) -> None:
        def back(work: Work) -> None:
            pushes.close(self.hub.store, work, push.id, "not sent", None)
            outbox.give_back(work, ids)

        self.held.write(back)

    def _refused(self, push: Push, ids: Sequence[str], refusal: VendorError) -> None:
        params = {"connection": self.held.connection.name, "document": push.members[0].name, "words": str(refusal)}

        def refused(work: Work) -> None:
            pushes.close(self.hub.store, work, push.id, "refused", None)
            if len(ids) > 1:
                outbox.send_alone(work, ids)
            else:
                outbox.park(work, ids[0], Reason(ReasonCode.REFUSED, params))

        self.held.write(refused)

    def _settle_seconds(self) -> float:
        return self.held.connection.option("settle_seconds", self.connector.settle_seconds)


def _is_to_be_sent(one: Composed, said: Mapping[tuple[str, str], str]) -> bool:
    """Not what calls for no document there, nor what was sent exactly so before."""
    if not isinstance(one.row, dict):
        return False
    same = [content_hash(row, one.remote_id) for row in (one.row, one.before_merges) if row is not None]
    return said.get((one.owed.record_id, one.owed.part)) not in same


def _fetched(client: Client, *, kind: Kind, ids: Sequence[str]) -> Mapping[str, Row]:
    return {remote_id: row for (of, remote_id), row in client.fetch(kind, ids).items() if of is kind}
