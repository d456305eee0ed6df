"""Records by kind, searched by what people have in hand, and one document's whole story."""

from flask import Blueprint, abort, render_template
from sqlalchemy import Connection as Database

from connectors.registry import CONNECTORS
from core.entities import Entity, TaxRate, references
from core.kinds import Kind
from core.store import shelves
from core.store.reading import documents, story
from core.store.reading.documents import Document
from core.store.reading.story import Story
from web.pages import cent, here, timeline, words
from web.pages.facts import facts, heading, parts

pages = Blueprint("records", __name__, url_prefix="/records")

_FIRST = (Kind.INVOICE, Kind.PAYMENT, Kind.CUSTOMER)
_ORDER = (*_FIRST, *(kind for kind in Kind if kind not in _FIRST))


@pages.get("")
def index() -> str:
    store, workspace_id = here.hub().store, here.workspace_id()
    kind, text = here.kind_named(here.words("kind") or Kind.INVOICE.value), here.words()
    with store.read() as database:
        counts = documents.counts(database, workspace_id)
        page, complete = documents.page(store, database, workspace_id, kind, text, here.older())
        return render_template(
            "records.html",
            kind=kind,
            text=text,
            page=page,
            complete=complete,
            counts={one: counts[one] for one in _ORDER if counts[one] or one in (*_FIRST, kind)},
            headings={one.id: heading(one.entity, kind, one.name) for one in page.rows},
            links=here.links(database),
        )


@pages.get("/<shown_id>")
def show(shown_id: str) -> str:
    store, workspace_id = here.hub().store, here.workspace_id()
    record_id = here.bare_id(shown_id)
    with store.read() as database:
        kind = story.kind_of(database, workspace_id, record_id)
        if kind is None:
            abort(404)
        document = documents.read(store, database, workspace_id, kind, [record_id])[0]
        told = story.of_record(database, workspace_id, record_id)
        names = _names(database, document.entity)
        shown = story.shown(store, database, workspace_id, told.observations)
        return render_template(
            "record.html",
            document=document,
            entity=document.entity,
            heading=heading(document.entity, kind, document.name),
            facts=facts(document.entity, names) if document.entity else (),
            parts=parts(document.entity, names) if document.entity else (),
            amounts=cent.amounts(document.entity),
            there=cent.there,
            off=cent.off,
            amount=_amount(database, document, told, names),
            told=told,
            names=names,
            paid_by=story.paid_by(database, workspace_id, record_id) if kind is Kind.INVOICE else (),
            steps=timeline.steps(told, shown, here.links(database)),
            causes=timeline.causes(told),
            links=here.links(database),
            writers=_writers(database, kind),
        )


@pages.get("/<shown_id>/shown/<observation_id>")
def observation(shown_id: str, observation_id: str) -> str:
    store, workspace_id = here.hub().store, here.workspace_id()
    record_id = here.bare_id(shown_id)
    with store.read() as database:
        kind = story.kind_of(database, workspace_id, record_id)
        found = story.observation(store, database, workspace_id, here.bare_id(observation_id))
        if kind is None or found is None:
            abort(404)
        document = documents.read(store, database, workspace_id, kind, [record_id])[0]
        return render_template(
            "observation.html", document=document, seen=found[0], content=found[1], links=here.links(database)
        )


def _amount(database: Database, document: Document, told: Story, names: dict[str, str]) -> cent.Amount | None:
    """The amount that was chosen, taken apart; the first one where none was."""
    entity, workspace_id = document.entity, here.workspace_id()
    known = cent.amounts(entity)
    if entity is None or not known:
        return None
    chosen = here.words("of") or next(iter(known))
    if chosen not in known:
        abort(404)
    rate_ids = [record_id for kind, record_id in references(entity) if kind is Kind.TAX_RATE]
    rates = shelves.load(here.hub().store, database, workspace_id, Kind.TAX_RATE, sorted(set(rate_ids)))
    besides = []
    if document.kind is Kind.INVOICE:
        besides = [
            cent.Part(one.name, -one.amount_minor, words.local_day(one.received_at), Kind.PAYMENT, one.id)
            for one in story.paid_by(database, workspace_id, document.id)
            if one.succeeded
        ] + [
            cent.Part(one.name, -one.amount_minor, kind=Kind.CREDIT_NOTE, record_id=one.id)
            for one in story.credited_by(database, workspace_id, document.id)
        ]
    if document.kind is Kind.REFUND:
        besides = [
            cent.Part(one.name, one.amount_minor, kind=Kind.CREDIT_REFUND, record_id=one.id)
            for one in story.explained_by(database, workspace_id, document.id)
        ]
    taxes = {record_id: rate for record_id, rate in rates.items() if isinstance(rate, TaxRate)}
    return cent.taken_apart(chosen, entity, told, names, taxes, besides)


def _names(database: Database, entity: Entity | None) -> dict[str, str]:
    """How people call what the document points to."""
    if entity is None:
        return {}
    ids = sorted({record_id for _, record_id in references(entity)})
    return story.called(here.hub().store, database, here.workspace_id(), ids)


def _writers(database: Database, kind: Kind) -> list[str]:
    """The systems that this kind is written to."""
    return [link.id for link in here.links(database).values() if kind in CONNECTORS[link.vendor].writes]
