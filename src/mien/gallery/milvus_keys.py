"""The keys of a Milvus gallery's subjects: one small file, where a key can be destroyed for good.

Milvus keeps deleted rows in its files until it compacts them, and longer in its object store. Rows
sealed under a key that is gone are noise. The file has a header and 60 bytes a subject: its key,
sealed (AES-256-GCM) under the gallery's; zeros where there is none. Keys are overwritten in place.
"""

from __future__ import annotations

import os
from pathlib import Path

from mien.errors import GalleryDamagedError, GalleryError, GalleryKeyError
from mien.gallery.seal import AesSeal

_MAGIC = b"mien subject keys 1\n".ljust(32, b"\0")
_KEY_BYTES, _SEALED_BYTES = 32, 60
_HEADER_BYTES = len(_MAGIC) + _KEY_BYTES + _SEALED_BYTES
_EMPTY = bytes(_SEALED_BYTES)


class KeyFile:
    """Keys by subject id; processes that share it must share its folder."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open the file, or make one for a new gallery.

        ``key``: 32 bytes. Raises GalleryKeyError for another key, GalleryDamagedError for another
        file, GalleryError where it cannot be written.
        """
        self.path = path
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise GalleryError(f"{path}: cannot be opened for writing: {error.strerror}") from error
        try:
            self._seal = self._unlocked(key)
        except BaseException:
            os.close(self._file)
            raise

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def token_key(self) -> bytes:
        """The key of the gallery's keyed hashes."""
        return self._seal.token_key

    @property
    def fingerprint(self) -> bytes:
        """What tells this file from that of another gallery."""
        return self._seal.token("fingerprint", b"")

    def seal_of(self, subject_id: int) -> AesSeal | None:
        """Return what seals the rows of a subject, ``None`` when its key was destroyed."""
        stored = self._read(subject_id)
        if stored in (b"", _EMPTY):
            return None
        return AesSeal(self._seal.open(stored, _place(subject_id)), b"")

    def make(self, subject_ids: range) -> None:
        """Make keys for new subjects, in place of any that a broken-off enrolment left."""
        sealed = (self._seal.close(os.urandom(_KEY_BYTES), _place(one)) for one in subject_ids)
        self._write(subject_ids.start, b"".join(sealed))

    def destroy(self, subject_id: int) -> None:
        """Overwrite the key of a subject; it is gone from the file when this returns."""
        if self._read(subject_id):
            self._write(subject_id, _EMPTY)

    def _unlocked(self, key: bytes) -> AesSeal:
        header = os.pread(self._file, _HEADER_BYTES, 0)
        if not header:
            salt, token_key = os.urandom(_KEY_BYTES), os.urandom(_KEY_BYTES)
            sealed = AesSeal(key, salt).close(token_key, b"token key")
            header = _MAGIC + salt + sealed
            self._write_at(0, header)
        if len(header) != _HEADER_BYTES or not header.startswith(_MAGIC):
            raise GalleryDamagedError(f"{self.path}: holds no keys of subjects")
        salt, sealed = header[len(_MAGIC) : -_SEALED_BYTES], header[-_SEALED_BYTES:]
        try:
            return AesSeal(key, salt, AesSeal(key, salt).open(sealed, b"token key"))
        except GalleryKeyError as error:
            raise GalleryKeyError(f"{self.path}: is encrypted under another key") from error

    def _read(self, subject_id: int) -> bytes:
        return os.pread(self._file, _SEALED_BYTES, _offset(subject_id))

    def _write(self, subject_id: int, data: bytes) -> None:
        self._write_at(_offset(subject_id), data)

    def _write_at(self, offset: int, data: bytes) -> None:
        try:
            while data:
                written = os.pwrite(self._file, data, offset)
                data, offset = data[written:], offset + written
            os.fsync(self._file)
        except OSError as error:
            raise GalleryError(f"{self.path}: cannot be written: {error.strerror}") from error


def _offset(subject_id: int) -> int:
    return _HEADER_BYTES + (subject_id - 1) * _SEALED_BYTES


def _place(subject_id: int) -> bytes:
    return b"subject:%d" % subject_id
