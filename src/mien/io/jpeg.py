"""Is a JPEG whole? Decoders fill in what is missing without a word."""

from __future__ import annotations

_START_OF_SCAN = 0xDA
_STANDALONE = {0x01, *range(0xD0, 0xD9)}


def is_truncated(data: bytes) -> bool:
    """Tell whether the end-of-image marker is missing after the first scan.

    Thumbnails inside the header hold such markers too, hence the walk over the segments.
    """
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return False  # not a clean header: leave the verdict to the decoder
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker in _STANDALONE:
            position += 2
        elif marker == _START_OF_SCAN:
            return data.rfind(b"\xff\xd9", position) < 0
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return True
