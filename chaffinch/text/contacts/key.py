"""The key that a corpus's contacts are digested under: a file beside it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_KEY_BYTES = 32  # source: RFC 2104: as long as the digest


def load_key(path: Path) -> bytes:
    """Read the key of a corpus, or make one: 32 random bytes in a file of mode 0600.

    Processes that race for a missing file agree on one key. Raises ValueError for a file that holds no such key and
    OSError where it cannot be read or made.
    """
    if not path.exists():
        part = _new_key(path)
        try:
            # A link fails where another process was first; a rename would replace its key.
            with suppress(FileExistsError):
                os.link(part, path)
        finally:
            part.unlink()
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{path}: a contact key has {_KEY_BYTES} bytes, this file has {len(key)}")
    return key


def share_key(paths: Sequence[Path]) -> None:
    """Have all of `paths` hold one key: that of those which are there, or a new one.

    Raises ValueError where two of them differ already, or one is no key, and OSError where one cannot be made.
    """
    there = [path for path in paths if path.exists()] or paths[:1]
    key = load_key(there[0])
    if other := next((path for path in there if load_key(path) != key), None):
        raise ValueError(f"{other}: another key than {there[0]}: contacts met under the two would not compare")
    for path in paths:
        if not path.exists():
            _new_key(path, key).replace(path)


def replace_key(path: Path) -> None:
    """Put a new key in the place of an old one, which is gone for good. Raises OSError where that fails."""
    _new_key(path).replace(path)


def _new_key(path: Path, key: bytes | None = None) -> Path:
    """A file with a key, a new one where none is given, beside `path`."""
    part = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key or secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return part
