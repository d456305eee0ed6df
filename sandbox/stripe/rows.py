"""A stored object: only what differs from its kind's blank is kept, so that 100,000 invoices fit in memory.

A field that begins with an underscore is the sandbox's own and is never shown. Values are replaced, never
changed in place: a blank is shared by every row of its kind.
"""

from typing import Any

from sandbox.stripe.blanks import BLANKS

Shown = dict[str, Any]


class Row(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return None if name.startswith("_") else BLANKS[self["object"]][name]

    @property
    def id(self) -> str:
        return str(self["id"])

    @property
    def kind(self) -> str:
        return str(self["object"])

    @property
    def deleted(self) -> bool:
        return "deleted" in self

    def shown(self) -> Shown:
        """As on the wire, but for what is computed (lists, embedded objects)."""
        blank = {} if self.deleted else BLANKS[self["object"]]
        return {**blank, **{name: value for name, value in self.items() if not name.startswith("_")}}


def new_metadata(given: dict[str, str] | None) -> dict[str, str]:
    return {key: value for key, value in (given or {}).items() if value != ""}


def merged_metadata(row: Row, given: dict[str, str] | None) -> dict[str, str]:
    """None, from an empty string, clears all; an empty value drops its key."""
    if given is None:
        return {}
    return new_metadata({**row["metadata"], **given})
