"""Writing several elements in one request, with Xero's two ways of telling what is wrong with some."""

from collections.abc import Callable
from typing import Any, TypeVar

from sandbox.xero import wire
from sandbox.xero.calls import Answer, Call
from sandbox.xero.errors import VALIDATION, InvalidError, RefusedError, exception
from sandbox.xero.wire import Element

R = TypeVar("R")


def write_each(
    call: Call,
    name: str,
    write: Callable[[Element], R],
    show: Callable[[R], dict[str, Any]],
    *,
    flag: str | None = "HasErrors",
    stories: bool = True,
    elements: list[Element] | None = None,
) -> Answer:
    """Writes the elements in turn, each seeing what those before it did.

    With summarizeErrors (the default) one bad element refuses them all; without it the good ones are saved
    and every element tells its own story. `flag` is what the kind calls "this one has errors"; a kind without
    `stories` always refuses them all.
    """
    sent = call.elements(name) if elements is None else elements
    results: list[tuple[Element, R | None, tuple[str, ...]]] = []
    with call.ledger.journal.savepoint():
        for element in sent:
            try:
                with call.ledger.journal.savepoint():
                    results.append((element, write(element), ()))
            except InvalidError as invalid:
                results.append((element, None, invalid.messages))
        if (call.summarize_errors or not stories) and any(messages for _, _, messages in results):
            bad = [_refused(element, messages, flag) for element, _, messages in results if messages]
            raise RefusedError(400, exception(*VALIDATION, bad))
    return Answer(
        {
            name: [
                _refused(element, messages, flag) if row is None else _saved(show(row), flag, stories=stories)
                for element, row, messages in results
            ]
        }
    )


def write_one(call: Call, name: str, write: Callable[[], R], show: Callable[[R], dict[str, Any]]) -> Answer:
    """A request about one thing, which has no summarizeErrors."""
    try:
        with call.ledger.journal.savepoint():
            return Answer({name: [show(write())]})
    except InvalidError as invalid:
        element = call.body if isinstance(call.body, dict) else {}
        bad = [
            _refused(one, invalid.messages, None) for one in wire.read_elements(element, name) or [element]
        ]
        raise RefusedError(400, exception(*VALIDATION, bad)) from invalid


def _saved(shown: dict[str, Any], flag: str | None, *, stories: bool) -> dict[str, Any]:
    return shown | ({flag: False} if flag else {}) | ({"StatusAttributeString": "OK"} if stories else {})


def _refused(element: Element, messages: tuple[str, ...], flag: str | None) -> dict[str, Any]:
    refused: dict[str, Any] = wire.echoed(element)
    if flag:
        refused[flag] = True
    refused["ValidationErrors"] = [{"Message": message} for message in messages]
    return refused | {"StatusAttributeString": "ERROR"}
