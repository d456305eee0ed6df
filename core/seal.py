"""Sealing: AES-256-GCM with associated data, so that a sealed text opens only in the row it was made for.

Master keys (settings or key file, newest first) wrap data keys; data keys seal bodies and secrets. Dropping a data key
is how a person is forgotten while amounts, ids and hashes stay.
"""

import base64
import hmac
import os
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import Misconfigured

_KEY_BYTES = 32
_NONCE_BYTES = 12


class DataKey:
    """One key that seals. The nonce is random: 2^32 uses a key stay safe, and a scope is a month or a person."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._key = key

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, zlib.compress(plain, 1), bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        try:
            packed = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
        except (InvalidTag, ValueError):  # the latter: cut off within the nonce
            raise Misconfigured(
                f"The sealed contents of {bound_to} do not open: wrong key, or the row was changed."
            ) from None
        return zlib.decompress(packed)

    def fingerprint(self, plain: bytes) -> str:
        """A keyed hash: equal texts have equal fingerprints, and nobody without the key can test a guess."""
        return hmac.digest(self._key, plain, "sha256").hex()


class MasterKeys:
    """The newest wraps; all of them unwrap, so that keys can be rotated while the hub runs."""

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = [DataKey(key) for key in keys]

    def new_data_key(self, bound_to: str) -> bytes:
        """A fresh data key, wrapped."""
        return self._keys[0].seal(os.urandom(_KEY_BYTES), bound_to)

    def unwrap(self, wrapped: bytes, bound_to: str) -> DataKey:
        for key in self._keys[:-1]:
            try:
                return DataKey(key.open(wrapped, bound_to))
            except Misconfigured:
                continue
        return DataKey(self._keys[-1].open(wrapped, bound_to))


def master_keys(texts: str, key_file: Path) -> MasterKeys:
    """From the setting, or from the 0600 key file that the embedded set-up makes for itself."""
    if not texts:
        texts = _read_key_file(key_file)
    keys = []
    for text in filter(None, (part.strip() for part in texts.split(","))):
        try:
            key = base64.urlsafe_b64decode(text)
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            raise Misconfigured("SUBLEDGER_KEYS holds a key that is not base64 of 32 bytes; `subledger key` makes one.")
        keys.append(key)
    if not keys:
        raise Misconfigured("SUBLEDGER_KEYS names no key; `subledger key` makes one.")
    return MasterKeys(keys)


def new_master_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()


def make_key_file(key_file: Path) -> None:
    """Makes the key once, whole and on the disk; a second caller at the same moment finds the first one's."""
    key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if key_file.exists():
        return
    with tempfile.NamedTemporaryFile("w", dir=key_file.parent) as draft:  # readable by its owner only
        draft.write(new_master_key())
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            os.link(draft.name, key_file)


def _read_key_file(key_file: Path) -> str:
    try:
        text = key_file.read_text().strip()
    except FileNotFoundError:
        text = ""
    if not text:
        raise Misconfigured(
            f"No key to seal secrets with: set SUBLEDGER_KEYS, or run `subledger db upgrade`, which makes {key_file}."
        )
    return text
