"""Form encoding in, JSON out."""

import json
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import MalformedParameterError

Tree = dict[str, Any]
"""What a form decodes to: strings, trees, and lists for `a[]=`; `a[0]=` is a tree of digits."""

FIELDS_MAX = 5_000


def decode(form: str) -> Tree:
    """`a[b]=c`, `a[0][b]=c`, `a[]=c` and `a[][b]=c`, brackets literal or percent-encoded."""
    tree: Tree = {}
    try:
        pairs = parse_qsl(form, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as unreadable:
        raise MalformedParameterError("Invalid request: the body cannot be read as a form") from unreadable
    for name, value in pairs:
        head, _, rest = name.partition("[")
        _plant(tree, [head, *(part.removesuffix("]") for part in rest.split("["))] if rest else [head], value)
    return tree


def _plant(tree: Tree, path: list[str], value: str) -> None:
    for at, name in enumerate(path[:-1]):
        if path[at + 1] == "":
            below = tree.setdefault(name, [])
            if not isinstance(below, list):
                raise _mixed(path)
            if at + 2 == len(path):
                below.append(value)
                return
            tree, path = _element(below, path[at + 2 :]), path[at + 2 :]
            _plant(tree, path, value)
            return
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            raise _mixed(path)
    tree[path[-1]] = value


def _element(elements: list[Any], path: list[str]) -> Tree:
    """The element that `a[][b]=` speaks of: the last one, or a new one where the last has its b already."""
    if not elements or not isinstance(elements[-1], dict) or (len(path) == 1 and path[0] in elements[-1]):
        elements.append({})
    element: Tree = elements[-1]
    return element


def _mixed(path: list[str]) -> MalformedParameterError:
    return MalformedParameterError(f"Invalid {path[0]}: given in more than one form", param=path[0])


def encode(value: Any) -> bytes:
    """Stripe indents its bodies; these are compact, which is written several times as fast."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
