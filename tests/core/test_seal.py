import os
import stat

import pytest

from core.errors import Misconfigured
from core.seal import DataKey, MasterKeys, make_key_file, master_keys, new_master_key


def test_what_was_sealed_opens_where_it_was_sealed_for_and_nowhere_else():
    key = DataKey(os.urandom(32))
    sealed = key.seal(b"secret", "tenant a/row 1")
    assert key.open(sealed, "tenant a/row 1") == b"secret"
    for elsewhere in ("tenant b/row 1", "tenant a/row 2", ""):
        with pytest.raises(Misconfigured, match="do not open: wrong key, or the row was changed"):
            key.open(sealed, elsewhere)


def test_every_flipped_bit_and_every_cut_is_noticed():
    key = DataKey(os.urandom(32))
    sealed = key.seal(b"secret", "row")
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    for wrong in [*changed, *(sealed[:at] for at in range(len(sealed)))]:
        with pytest.raises(Misconfigured, match="do not open"):
            key.open(wrong, "row")


def test_no_nonce_comes_twice():
    key = DataKey(os.urandom(32))
    assert len({key.seal(b"", "row")[:12] for _ in range(10_000)}) == 10_000


def test_keys_are_rotated_while_old_texts_still_open():
    old, new = os.urandom(32), os.urandom(32)
    before = MasterKeys([old]).new_data_key("row")
    both = MasterKeys([new, old])
    after = both.new_data_key("row")
    sealed = MasterKeys([old]).unwrap(before, "row").seal(b"text", "row")
    assert both.unwrap(before, "row").open(sealed, "row") == b"text"
    MasterKeys([new]).unwrap(after, "row")
    with pytest.raises(Misconfigured, match="wrong key"):
        MasterKeys([new]).unwrap(before, "row")
    with pytest.raises(Misconfigured, match="wrong key"):
        MasterKeys([old]).unwrap(after, "row")


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ("short", "not base64 of 32 bytes"),
        ("A" * 43 + "=,x", "not base64 of 32 bytes"),
        ("ключ", "not base64 of 32 bytes"),
        (",", "names no key"),
        ("", "No key to seal secrets with"),
    ],
)
def test_a_key_that_is_missing_or_no_key_refuses_in_one_sentence(tmp_path, texts, words):
    with pytest.raises(Misconfigured, match=words) as refused:
        master_keys(texts, tmp_path / "key")
    assert texts == "" or texts not in str(refused.value), "what may be a secret is not shown"


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path):
    key_file = tmp_path / "home" / "key"
    make_key_file(key_file)
    made = key_file.read_text()
    make_key_file(key_file)
    assert key_file.read_text() == made
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert list(key_file.parent.iterdir()) == [key_file]
    wrapped = master_keys("", key_file).new_data_key("row")
    master_keys(made, tmp_path / "elsewhere").unwrap(wrapped, "row")


def test_the_newest_key_of_the_setting_wraps(tmp_path):
    new, old = new_master_key(), new_master_key()
    wrapped = master_keys(f"{new}, {old}", tmp_path).new_data_key("row")
    master_keys(new, tmp_path).unwrap(wrapped, "row")
