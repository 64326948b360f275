"""Named face regions in XMP, as photo managers keep them (Metadata Working Group, 2010).

Regions are relative to the picture as it is stored, before its EXIF orientation is applied: so do
digiKam and Lightroom. Everything else that stands in an XMP document stays as it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.dom import minidom
from xml.parsers import expat

from mien.errors import InputError

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = "adobe:ns:meta/"
_XMLNS = "http://www.w3.org/2000/xmlns/"
_MWG = "http://www.metadataworkinggroup.com/schemas/regions/"
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_DIM = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_PREFIX = {_RDF: "rdf", _MWG: "mwg-rs", _AREA: "stArea", _DIM: "stDim"}
#: What marks a region as written by mien, which may change it again.
MARK = "mien"
#: Regions of two programs are one face from this intersection over union on.
_SAME_FACE = 0.5
#: A larger document is no sidecar.
MAX_BYTES = 20_000_000
_MOST_DEPTH = 100
_EMPTY = (
    f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="{_META}">'
    f'<rdf:RDF xmlns:rdf="{_RDF}"></rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
)


@dataclass(frozen=True, slots=True)
class Region:
    """A face: its name, ``None`` where it has none, and ``box_xyxy`` as shares 0..1 of the picture.

    ``own``: whether mien wrote it.
    """

    name: str | None
    box_xyxy: tuple[float, float, float, float]
    own: bool = False


def sidecar_of(photo: Path) -> Path:
    """Return where a photo's sidecar stands: ``photo.jpg.xmp``."""
    return photo.with_name(photo.name + ".xmp")


def read_regions(data: bytes, source: str) -> list[Region]:
    """Return the face regions of an XMP document; regions of other kinds are left out.

    Raises InputError where it cannot be read, or holds a document type (which XMP never does, and
    attacks on XML readers do).
    """
    document = _parsed(data, source)
    return [region for _, region in _faces(document)]


def with_regions(
    data: bytes | None, regions: Sequence[Region], *, size_wh: tuple[int, int], source: str
) -> tuple[bytes, list[Region]]:
    """Return an XMP document with these regions, and those that others named differently.

    ``data``: the document so far, whose other content is kept; ``size_wh`` of the stored picture.
    Regions that mien wrote before are replaced. A region of another program that lies where one of
    these does keeps its place, and its name if it has one. Raises InputError as ``read_regions``.
    """
    document = _parsed(_EMPTY.encode() if data is None else data, source)
    foreign = []
    for item, region in list(_faces(document)):
        if region.own:
            _remove(item)
        else:
            foreign.append((item, region))
    refused = []
    for region in regions:
        there = max(foreign, key=lambda pair: _iou(pair[1], region), default=None)
        if there is None or _iou(there[1], region) < _SAME_FACE:
            _append(document, region, size_wh)
        elif there[1].name is None and region.name is not None:
            _set_name(document, there[0], region.name)
        elif there[1].name != region.name:
            refused.append(region)
    text = "\n".join(node.toxml() for node in document.childNodes)
    try:
        written = text.encode()
        _parsed(written, source)
    except ValueError as error:
        raise InputError(f"{source}: a name has characters that XML cannot hold") from error
    return written, refused


def orient(
    box_xyxy: tuple[float, float, float, float], orientation: int, *, back: bool = False
) -> tuple[float, float, float, float]:
    """Return where a box of the displayed picture lies in the stored one, as shares 0..1.

    ``orientation``: of EXIF, 1 to 8; ``back``: from the stored picture to the displayed one.
    """
    x1, y1, x2, y2 = box_xyxy
    # Turned by a quarter the two ways are each other's inverse; all others are their own.
    chosen = {6: 8, 8: 6}.get(orientation, orientation) if back else orientation
    corners = [_TO_STORED[chosen](x, y) for x, y in ((x1, y1), (x2, y2))]
    (a, b), (c, d) = corners
    return min(a, c), min(b, d), max(a, c), max(b, d)


_TO_STORED = {
    1: lambda x, y: (x, y),
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (y, 1 - x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (1 - y, x),
}


def _parsed(data: bytes, source: str) -> minidom.Document:
    depth = 0

    def refuse(*_: object) -> None:
        raise InputError(f"{source}: XMP with a document type is not read")

    def deeper(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _MOST_DEPTH:
            raise InputError(f"{source}: is not XMP that can be read (nested too deeply)")

    def higher(_: str) -> None:
        nonlocal depth
        depth -= 1

    if len(data) > MAX_BYTES:
        raise InputError(f"{source}: has {len(data)} bytes, expected XMP of at most {MAX_BYTES}")
    # Some programs pad XMP with zeros.
    data = data.rstrip(b"\0")
    check = expat.ParserCreate()
    check.StartDoctypeDeclHandler = refuse
    check.StartElementHandler, check.EndElementHandler = deeper, higher
    try:
        check.Parse(data, True)
        document = minidom.parseString(data)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{source}: is not XMP that can be read ({error})") from error
    if not document.getElementsByTagNameNS(_RDF, "RDF"):
        raise InputError(f"{source}: is not XMP that can be read (holds no rdf:RDF)")
    return document


def _faces(document: minidom.Document) -> Iterator[tuple[minidom.Element, Region]]:
    """Yield the list item of each face region."""
    for regions in document.getElementsByTagNameNS(_MWG, "RegionList"):
        for item in regions.getElementsByTagNameNS(_RDF, "li"):
            kind = _field(item, _MWG, "Type")
            area = _child(item, _MWG, "Area")
            if area is None or kind not in (None, "Face"):
                continue
            numbers = [_field(area, _AREA, name) for name in "xywh"]
            if _field(area, _AREA, "unit") not in (None, "normalized"):
                continue
            try:
                x, y, w, h = (float(str(number)) for number in numbers)
            except ValueError:
                continue  # a point, a circle or damaged
            box = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            if not all(map(math.isfinite, box)):
                continue
            own = _field(item, _MWG, "Description") == MARK
            name = _field(item, _MWG, "Name")
            yield item, Region(name if name else None, box, own)


def _parts(node: minidom.Element) -> Iterable[minidom.Element]:
    """Return the elements that may carry the fields of a structure: itself, or a Description."""
    yield node
    for child in node.childNodes:
        if isinstance(child, minidom.Element) and _is(child, _RDF, "Description"):
            yield child


def _child(node: minidom.Element, space: str, name: str) -> minidom.Element | None:
    for part in _parts(node):
        for child in part.childNodes:
            if isinstance(child, minidom.Element) and _is(child, space, name):
                return child
    return None


def _field(node: minidom.Element, space: str, name: str) -> str | None:
    """Return a field of a structure, written as an element or as an attribute."""
    for part in _parts(node):
        if part.hasAttributeNS(space, name):
            return str(part.getAttributeNS(space, name)).strip()
    child = _child(node, space, name)
    if child is None:
        return None
    return "".join(c.data for c in child.childNodes if isinstance(c, minidom.Text)).strip()


def _is(node: minidom.Element, space: str, name: str) -> bool:
    return (node.namespaceURI, node.localName) == (space, name)


def _append(document: minidom.Document, region: Region, size_wh: tuple[int, int]) -> None:
    """Add a region to the list of the document, which is made where there is none."""
    x1, y1, x2, y2 = region.box_xyxy
    item = _add(document, _bag(document, size_wh), _RDF, "li", structure=True)
    area = _add(document, item, _MWG, "Area", structure=True)
    numbers = {"x": (x1 + x2) / 2, "y": (y1 + y2) / 2, "w": x2 - x1, "h": y2 - y1}
    for name, number in numbers.items():
        _add(document, area, _AREA, name, f"{number:.6f}")
    _add(document, area, _AREA, "unit", "normalized")
    if region.name is not None:
        _add(document, item, _MWG, "Name", region.name)
    _add(document, item, _MWG, "Type", "Face")
    _add(document, item, _MWG, "Description", MARK)


def _bag(document: minidom.Document, size_wh: tuple[int, int]) -> minidom.Element:
    """Return the list of regions, made with all that stands round it where it is missing."""
    for regions in document.getElementsByTagNameNS(_MWG, "RegionList"):
        for kind in ("Bag", "Seq"):
            found = _child(regions, _RDF, kind)
            if found is not None:
                return found
        return _add(document, regions, _RDF, "Bag")
    existing = document.getElementsByTagNameNS(_MWG, "Regions")
    if existing:
        regions = existing[0]
    else:
        rdf = document.getElementsByTagNameNS(_RDF, "RDF")[0]
        about = _add(document, rdf, _RDF, "Description")
        about.setAttributeNS(_RDF, "rdf:about", "")
        regions = _add(document, about, _MWG, "Regions", structure=True)
    if _child(regions, _MWG, "AppliedToDimensions") is None:
        size = _add(document, regions, _MWG, "AppliedToDimensions", structure=True)
        for name, text in (("w", str(size_wh[0])), ("h", str(size_wh[1])), ("unit", "pixel")):
            _add(document, size, _DIM, name, text)
    return _add(document, _add(document, regions, _MWG, "RegionList"), _RDF, "Bag")


def _add(
    document: minidom.Document,
    parent: minidom.Element,
    space: str,
    name: str,
    text: str | None = None,
    *,
    structure: bool = False,
) -> minidom.Element:
    """Append an element, with its namespace where that is not bound yet."""
    node = document.createElementNS(space, f"{_PREFIX[space]}:{name}")
    parent.appendChild(node)
    if not _bound(node, _PREFIX[space], space):
        node.setAttributeNS(_XMLNS, f"xmlns:{_PREFIX[space]}", space)
    if structure:
        if not _bound(node, "rdf", _RDF):
            node.setAttributeNS(_XMLNS, "xmlns:rdf", _RDF)
        node.setAttributeNS(_RDF, "rdf:parseType", "Resource")
    if text is not None:
        node.appendChild(document.createTextNode(text))
    return node


def _bound(node: minidom.Element, prefix: str, space: str) -> bool:
    """Tell whether a prefix stands for a namespace where an element is."""
    at: minidom.Node | None = node
    while isinstance(at, minidom.Element):
        if at.hasAttribute(f"xmlns:{prefix}"):
            return str(at.getAttribute(f"xmlns:{prefix}")) == space
        at = at.parentNode
    return False


def _set_name(document: minidom.Document, item: minidom.Element, name: str) -> None:
    empty = _child(item, _MWG, "Name")
    if empty is not None:
        _remove(empty)
    target = list(_parts(item))[-1]
    if target.hasAttributeNS(_MWG, "Name"):
        target.removeAttributeNS(_MWG, "Name")
    _add(document, target, _MWG, "Name", name)


def _remove(node: minidom.Element) -> None:
    if node.parentNode is not None:
        node.parentNode.removeChild(node)


def _iou(one: Region, other: Region) -> float:
    a, b = one.box_xyxy, other.box_xyxy
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    union = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)) - common
    return common / union if union > 0 else 0.0
