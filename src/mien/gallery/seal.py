"""How personal data stand in the database: as they are, or encrypted (AES-256-GCM)."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Protocol

from mien.errors import GalleryKeyError, MissingExtraError

_NONCE_BYTES, _TAG_BYTES = 12, 16
_NO_NONCE = bytes(_NONCE_BYTES)
#: The place of a vector.
_SLOT = b"slot:%d"


class Seal(Protocol):
    """Turns plain bytes into what is stored, and back."""

    extra_bytes: int
    token_key: bytes

    def close(self, plain: bytes, place: bytes) -> bytes:
        """Return what is stored at ``place``: ``extra_bytes`` longer than ``plain``."""
        ...

    def open(self, stored: bytes, place: bytes) -> bytes:
        """Return the plain bytes; raises GalleryKeyError where they were not sealed for here."""
        ...

    def open_all(self, stored: Sequence[bytes], slots: Sequence[int]) -> bytes:
        """Return the plain bytes of vector slots, joined; rows of zeros are empty, and stay."""
        ...

    def token(self, kind: str, value: bytes) -> bytes:
        """Return a keyed hash (16 bytes) to find equal values by, without storing them."""
        ...


class PlainSeal:
    """Stores bytes as they are."""

    extra_bytes = 0

    def __init__(self, token_key: bytes) -> None:
        self.token_key = token_key

    def close(self, plain: bytes, place: bytes) -> bytes:
        """Return the same bytes."""
        return plain

    def open(self, stored: bytes, place: bytes) -> bytes:
        """Return the same bytes."""
        return stored

    def open_all(self, stored: Sequence[bytes], slots: Sequence[int]) -> bytes:
        """Return the same bytes, joined."""
        return b"".join(stored)

    def token(self, kind: str, value: bytes) -> bytes:
        """HMAC-SHA256 under the gallery's own key, cut to 16 bytes."""
        return _token(self.token_key, kind, value)


class AesSeal:
    """AES-256-GCM with a random nonce a row, the place authenticated; needs mien[encrypt].

    ``key``: 32 bytes; ``salt``: the gallery's own, so that no two galleries of one key share
    nonces; ``token_key``: for keyed hashes. Raises MissingExtraError.
    """

    extra_bytes = _NONCE_BYTES + _TAG_BYTES

    def __init__(self, key: bytes, salt: bytes, token_key: bytes = b"") -> None:
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError as error:
            raise MissingExtraError(
                "an encrypted gallery needs: pip install 'mien[encrypt]'"
            ) from error
        self._cipher = AESGCM(_derived(key, salt, b"mien gallery seal"))
        self._invalid = InvalidTag
        self.token_key = token_key

    def close(self, plain: bytes, place: bytes) -> bytes:
        """Return nonce, ciphertext and tag."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, place)

    def open(self, stored: bytes, place: bytes) -> bytes:
        """Decrypt and authenticate."""
        try:
            return self._cipher.decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], place)
        except (self._invalid, ValueError) as error:
            raise _not_opened(place) from error

    def open_all(self, stored: Sequence[bytes], slots: Sequence[int]) -> bytes:
        """Decrypt and authenticate each row."""
        # A million rows come through here: no call but the one that decrypts.
        decrypt, parts, slot = self._cipher.decrypt, [], -1
        try:
            for slot, row in zip(slots, stored, strict=True):
                nonce = row[:_NONCE_BYTES]
                if nonce == _NO_NONCE and not any(row):
                    parts.append(row[self.extra_bytes :])
                else:
                    parts.append(decrypt(nonce, row[_NONCE_BYTES:], _SLOT % slot))
        except (self._invalid, ValueError) as error:
            raise _not_opened(place_of_slot(slot)) from error
        return b"".join(parts)

    def token(self, kind: str, value: bytes) -> bytes:
        """HMAC-SHA256 under the gallery's own key, cut to 16 bytes."""
        return _token(self.token_key, kind, value)


def _not_opened(place: bytes) -> GalleryKeyError:
    return GalleryKeyError(
        f"gallery: {place.decode()} cannot be decrypted: the key is another one, or the data were "
        "changed"
    )


def place_of_slot(slot: int) -> bytes:
    """Name the place of a vector, so that a sealed one cannot be moved to another."""
    return _SLOT % slot


def _token(key: bytes, kind: str, value: bytes) -> bytes:
    return hmac.digest(key, kind.encode() + b"\0" + value, "sha256")[:16]


def _derived(key: bytes, salt: bytes, use: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869), one block of output."""
    pseudorandom = hmac.digest(salt, key, hashlib.sha256)
    return hmac.digest(pseudorandom, use + b"\x01", hashlib.sha256)
