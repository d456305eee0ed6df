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
    together: bool = False,
) -> Answer:
    """Writes the elements in turn, each seeing what those before it did.

    With summarizeErrors (the default) one bad element refuses them all; without it the good ones are saved
    and each element says how it went. `flag` is what the kind calls "this one has errors"; a kind without
    `stories` has no StatusAttributeString; operations without the parameter go `together`.
    """
    results: list[tuple[Element, R | None, tuple[str, ...]]] = []
    with call.ledger.journal.savepoint():
        for element in call.elements(name):
            try:
                with call.ledger.journal.savepoint():
                    results.append((element, write(element), ()))
            except InvalidError as invalid:
                results.append((element, None, invalid.messages))
        if (together or call.summarize_errors) and any(messages for _, _, messages in results):
            bad = [_refused(element, messages, flag) for element, _, messages in results if messages]
            raise RefusedError(400, exception(*VALIDATION, bad))
    shown = []
    for element, row, messages in results:
        told = _refused(element, messages, flag) if row is None else _saved(show(row), flag)
        shown.append(told | ({"StatusAttributeString": "ERROR" if messages else "OK"} if stories else {}))
    return Answer({name: shown})


def write_one(call: Call, name: str, write: Callable[[], R], show: Callable[[R], dict[str, Any]]) -> Answer:
    """A request about one thing, which has no summarizeErrors."""
    try:
        with call.ledger.journal.savepoint():
            return Answer({name: [show(write())]})
    except InvalidError as invalid:
        element = call.body if isinstance(call.body, dict) else {}
        bad = [_refused(one, invalid.messages, None) for one in wire.read_elements(element, name) or [element]]
        raise RefusedError(400, exception(*VALIDATION, bad)) from invalid


def _saved(shown: dict[str, Any], flag: str | None) -> dict[str, Any]:
    return shown | ({flag: False} if flag else {})


def _refused(element: Element, messages: tuple[str, ...], flag: str | None) -> dict[str, Any]:
    refused: dict[str, Any] = wire.echoed(element)
    if flag:
        refused[flag] = True
    return refused | {"ValidationErrors": [{"Message": message} for message in messages]}
