"""Passwords: what may be one, and hashing that costs a guesser time. An unknown user costs as much as a known one."""

import secrets
import unicodedata
from functools import cache

from werkzeug.security import check_password_hash, generate_password_hash

from core.errors import Misconfigured

_CHARACTERS_MIN = 12
_CHARACTERS_MAX = 200
_DIFFERENT_MIN = 5
_NAME_MIN = 4
_METHOD = "scrypt:32768:8:1"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def hashed(password: str, name: str) -> str:
    """Raises Misconfigured, saying why, for a password that would be guessed."""
    plain = _normal(password)
    if not _CHARACTERS_MIN <= len(plain) <= _CHARACTERS_MAX:
        raise Misconfigured(f"A password has {_CHARACTERS_MIN} to {_CHARACTERS_MAX} characters.")
    if len(set(plain)) < _DIFFERENT_MIN or _holds(plain, name):
        raise Misconfigured("That password is too easy to guess: few different characters, or the name in it.")
    return generate_password_hash(plain, _METHOD)


def matches(password_hash: str | None, password: str) -> bool:
    """None for an unknown user: checked against a hash of nothing, and never true."""
    plain = _normal(password[: _CHARACTERS_MAX * 4])
    right = check_password_hash(password_hash or _hash_of_nothing(), plain)
    return right and password_hash is not None


def new_password(name: str) -> str:
    """For that user: four groups that can be read out and typed, about 99 bits."""
    while True:
        made = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
        if not _holds(made, name):
            return made


@cache
def _hash_of_nothing() -> str:
    return generate_password_hash(secrets.token_urlsafe(), _METHOD)


def _holds(plain: str, name: str) -> bool:
    """A name of few letters stands in many a good password by chance."""
    folded = _normal(name).casefold()
    return len(folded) >= _NAME_MIN and folded in plain.casefold()


def _normal(text: str) -> str:
    """The same characters however a keyboard composes them."""
    return unicodedata.normalize("NFKC", text)
