"""Objects as they once were, packed small: the snapshots inside events and the answers kept for replays.

Most of an object is its kind's blank, so the blank serves as the compressor's dictionary.
"""

import json
import zlib
from base64 import b64decode, b64encode
from functools import cache, lru_cache
from typing import Any

from sandbox.stripe.blanks import BLANKS


@cache
def _dictionary(kind: str) -> bytes:
    return _written(BLANKS.get(kind, {}))


def _written(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def pack(kind: str, value: Any) -> str:
    return _packed(kind, _written(value))


@lru_cache(maxsize=64)
def _packed(kind: str, written: bytes) -> str:
    """Several events and the answer to one request often show the same object: it is packed and kept once."""
    packer = zlib.compressobj(level=6, zdict=_dictionary(kind))
    return b64encode(packer.compress(written) + packer.flush()).decode()


def unpack(kind: str, packed: str) -> Any:
    return json.loads(zlib.decompressobj(zdict=_dictionary(kind)).decompress(b64decode(packed)))
