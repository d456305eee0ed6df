"""An append-only log that may grow long: all but its newest entries are packed, a block at a time."""

import json
import zlib
from typing import Any

BLOCK = 200
"""How many entries are packed together."""

Entry = dict[str, Any]


class Log:
    """Entries are JSON values, numbered from 1 in their field `n`."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._newest: list[Entry] = []

    def __len__(self) -> int:
        return len(self._packed) * BLOCK + len(self._newest)

    def append(self, entry: Entry) -> int:
        """The number it got."""
        number = len(self) + 1
        self._newest.append({"n": number, **entry})
        if len(self._newest) == 2 * BLOCK:
            self._packed.append(_packed(self._newest[:BLOCK]))
            del self._newest[:BLOCK]
        return number

    def change(self, number: int, **fields: Any) -> None:
        block, at = divmod(number - 1, BLOCK)
        if block < len(self._packed):
            entries = _unpacked(self._packed[block])
            entries[at] |= fields
            self._packed[block] = _packed(entries)
        else:
            self._newest[number - 1 - len(self._packed) * BLOCK] |= fields

    def after(self, number: int) -> list[Entry]:
        """Oldest first."""
        number = max(number, 0)
        first = min(number // BLOCK, len(self._packed))
        entries = [entry for block in self._packed[first:] for entry in _unpacked(block)]
        return [*entries, *map(dict, self._newest)][number - first * BLOCK :]

    def clear(self) -> None:
        self._packed.clear()
        self._newest.clear()


def _packed(entries: list[Entry]) -> bytes:
    return zlib.compress(json.dumps(entries, separators=(",", ":")).encode())


def _unpacked(block: bytes) -> list[Entry]:
    entries: list[Entry] = json.loads(zlib.decompress(block))
    return entries
