"""`expand[]`: ids turned into the objects they name, along a path of at most four names (GK)."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from sandbox.stripe.errors import MalformedParameterError
from sandbox.stripe.rows import Row, Shown
from sandbox.stripe.settings import in_force
from sandbox.stripe.showing import INCLUDED, show
from sandbox.stripe.store import KIND_OF_PREFIX, Store

_ANY_KIND = frozenset({"source"})
"""Fields that hold objects of several kinds: what one of them has may be asked for below, and the others lack it."""
_KIND_OF_FIELD = {"product": "product", "coupon": "coupon", "products": "product"}
"""Fields whose ids may have been chosen by the user, so that their prefix says nothing."""


def paths(given: Any) -> list[list[str]]:
    """From the parameter `expand`, which is a list of dotted paths."""
    if isinstance(given, dict):
        given = [given[name] for name in sorted(given)]
    if not isinstance(given, list) or not all(isinstance(path, str) for path in given):
        raise MalformedParameterError("Invalid array", param="expand")
    split = [path.split(".") for path in given]
    for path in split:
        most = in_force().expand_levels
        if len(path) > most:
            raise MalformedParameterError(
                f"You cannot expand more than {most} levels of a property. Property: {'.'.join(path)}",
                param="expand",
            )
    return split


def expand(store: Store, shown: Shown, wanted: list[list[str]]) -> Shown:
    """A copy, so that what is opened inside an object is not kept there."""
    expanded = deepcopy(shown)
    for path in wanted:
        _walk(store, expanded, path, ".".join(path))
    return expanded


def _walk(store: Store, node: Any, path: list[str], whole: str, *, any_kind: bool = False) -> None:
    if not path or node is None:
        return
    if isinstance(node, list):
        for one in node:
            _walk(store, one, path, whole)
        return
    if not isinstance(node, dict):
        raise _cannot(whole)
    name, *rest = path
    if name not in node:
        include = INCLUDED.get((node.get("object", ""), name))
        row = store.find(node.get("object", ""), node.get("id", ""))
        if include is None or row is None:
            if node.get("deleted") or any_kind:
                return
            raise _cannot(whole)
        node[name] = deepcopy(include(store, row))
    elif not rest or isinstance(node[name], str) or _ids(node[name]):
        node[name] = _opened(store, name, node[name], lambda: _cannot(whole))
    _walk(store, node[name], rest, whole, any_kind=name in _ANY_KIND)


def _ids(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _opened(store: Store, name: str, value: Any, cannot: Callable[[], Exception]) -> Any:
    if isinstance(value, list):
        return [_opened(store, name, one, cannot) for one in value]
    if value is None or isinstance(value, dict):
        return value
    row = _named(store, name, value)
    if row is None:
        raise cannot()
    return deepcopy(show(store, row))


def _named(store: Store, name: str, value: Any) -> Row | None:
    if not isinstance(value, str):
        return None
    kind = _KIND_OF_FIELD.get(name) or KIND_OF_PREFIX.get(value.partition("_")[0])
    return store.find(kind, value) if kind else None


def _cannot(path: str) -> MalformedParameterError:
    return MalformedParameterError(f"This property cannot be expanded ({path}).", param="expand")
