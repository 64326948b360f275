"""Write a picture as PNG, whole or not at all; one that was put together says so in itself."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

from mien.errors import InputError
from mien.types import Image

#: IPTC's word for a picture of several, of which one was made or altered by a program.
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<Iptc4xmpExt:DigitalSourceType>{kind}</Iptc4xmpExt:DigitalSourceType>"
    '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt>'
    "</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
)


def png(image: Image, *, altered: str | None = None) -> bytes:
    """Return a PNG file. ``altered``: what was done to the picture, where it is no photograph.

    Then its XMP and its text say so: DigitalSourceType compositeSynthetic, and the description.
    """
    buffer, info = BytesIO(), PngInfo()
    if altered is not None:
        info.add_itxt("XML:com.adobe.xmp", _XMP.format(kind=COMPOSITE, text=escape(altered)))
        info.add_itxt("Description", altered)
        info.add_text("Software", "mien")
    PillowImage.fromarray(image.pixels).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def write_png(path: str | Path, image: Image, *, altered: str | None = None) -> None:
    """Write a PNG file; see ``png``. Raises InputError where it cannot be written."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(png(image, altered=altered))
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
