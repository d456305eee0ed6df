"""Whether a document costs the same however many the hub knows already.

    python -m bench.flat [--invoices 1000] [--database sqlite] [--json]

The same number of sales is moved through an empty hub, and through one that has moved ten times as many before; what
counts is the ratio of the processor's time that the hub uses for a document, and of the statements it executes.
"""

from collections.abc import Iterable

from sqlalchemy import event

from bench.figures import Figure, Wanted, show, wanted_from
from bench.pipeline import documents_of, used
from bench.stage import Stage

GROWTH = 10


def run(wanted: Wanted) -> Iterable[Figure]:
    few, many = wanted.invoices, wanted.invoices * GROWTH
    for kind in wanted.databases:
        cost = {count: costs(kind, count) for count in (few, many)}
        for place, what in enumerate(("processor time", "statements")):
            ratio = cost[many][place] / cost[few][place]
            yield Figure(f"flat, {kind}: {what} a document at {many:,} / at {few:,}", ratio, target="about 1.0")
        for count, (seconds, statements) in cost.items():
            yield Figure(f"flat, {kind}: processor time a document at {count:,}", seconds * 1000, "ms")
            yield Figure(f"flat, {kind}: statements a document at {count:,}", statements, "")


def costs(kind: str, invoices: int) -> tuple[float, float]:
    """(seconds of the processor, statements) for a document."""
    with Stage(kind, invoices) as stage:
        statements = Statements()
        event.listen(stage.hub.store.engine, "before_cursor_execute", statements.count)
        seconds = used(lambda: (stage.pull("stripe"), stage.work()))
        documents = documents_of(invoices)
        return seconds / documents, statements.counted / documents


class Statements:
    def __init__(self) -> None:
        self.counted = 0

    def count(self, *_: object) -> None:
        self.counted += 1


if __name__ == "__main__":
    asked_for = wanted_from(__doc__)
    show(run(asked_for), as_json=asked_for.as_json)
