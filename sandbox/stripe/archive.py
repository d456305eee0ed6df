"""Objects at rest, packed small.

Two objects of a kind differ in little more than their ids, so the first one that is packed serves as the compressor's
dictionary for all that follow.
"""

import json
import sqlite3
import zlib
from typing import Any

_LEVEL = 6
_BARE_16_KIB = -14
"""The window, without header and checksum around the compressed bytes; objects are small, and a larger one is slow."""
_MEMORY_LEVEL = 6


class Archive:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._database.execute("CREATE TABLE sample (number INTEGER PRIMARY KEY, likeness TEXT, written BLOB)")
        self.load()

    def load(self) -> None:
        """The samples that the database knows."""
        listed = self._database.execute("SELECT number, likeness, written FROM sample").fetchall()
        self._number_of = {likeness: number for number, likeness, _ in listed}
        self._sample = {number: written for number, _, written in listed}

    def pack(self, likeness: str, value: Any) -> bytes:
        """`likeness` says what the value looks like: its kind, or something narrower."""
        written = json.dumps(value, separators=(",", ":")).encode()
        number = self._number_of.get(likeness)
        if number is None:
            number = self._number_of[likeness] = len(self._sample)
            self._sample[number] = written
            self._database.execute("INSERT INTO sample VALUES (?, ?, ?)", (number, likeness, written))
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _BARE_16_KIB, _MEMORY_LEVEL, zdict=self._sample[number])
        return number.to_bytes(2) + packer.compress(written) + packer.flush()

    def unpack(self, packed: bytes) -> Any:
        number = int.from_bytes(packed[:2])
        return json.loads(zlib.decompressobj(_BARE_16_KIB, zdict=self._sample[number]).decompress(packed[2:]))
