"""Face regions in XMP: what other programs write is read, kept, and they read what mien writes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage
from PIL import ImageOps

from mien.errors import InputError
from mien.io.decode import embedded_xmp, stored_frame
from mien.io.xmp import Region, orient, read_regions, sidecar_of, with_regions

# exiftool -XMP-mwg-rs:RegionInfo='{AppliedToDimensions={W=512,H=512,Unit=pixel},RegionList=[
#   {Area={X=0.4,Y=0.25,W=0.2,H=0.25,Unit=normalized},Name=Ada & Bo,Type=Face},
#   {Area={X=0.8,Y=0.25,W=0.1,H=0.1,Unit=normalized},Name=Rex,Type=Pet}]}'
#   -XMP-dc:Subject=cat -o p.jpg.xmp p.jpg                    (exiftool 12.57, shortened)
EXIFTOOL = """<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='Image::ExifTool 12.57'>
<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
 <rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/'>
  <dc:subject><rdf:Bag><rdf:li>cat</rdf:li></rdf:Bag></dc:subject>
 </rdf:Description>
 <!-- a comment of somebody's -->
 <rdf:Description rdf:about=''
  xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/'
  xmlns:stArea='http://ns.adobe.com/xmp/sType/Area#'
  xmlns:stDim='http://ns.adobe.com/xap/1.0/sType/Dimensions#'>
  <mwg-rs:Regions rdf:parseType='Resource'>
   <mwg-rs:AppliedToDimensions rdf:parseType='Resource'>
    <stDim:h>512</stDim:h><stDim:unit>pixel</stDim:unit><stDim:w>512</stDim:w>
   </mwg-rs:AppliedToDimensions>
   <mwg-rs:RegionList>
    <rdf:Bag>
     <rdf:li rdf:parseType='Resource'>
      <mwg-rs:Area rdf:parseType='Resource'>
       <stArea:h>0.25</stArea:h><stArea:unit>normalized</stArea:unit>
       <stArea:w>0.2</stArea:w><stArea:x>0.4</stArea:x><stArea:y>0.25</stArea:y>
      </mwg-rs:Area>
      <mwg-rs:Name>Ada &amp; Bo</mwg-rs:Name>
      <mwg-rs:Type>Face</mwg-rs:Type>
     </rdf:li>
     <rdf:li rdf:parseType='Resource'>
      <mwg-rs:Area rdf:parseType='Resource'>
       <stArea:h>0.1</stArea:h><stArea:unit>normalized</stArea:unit>
       <stArea:w>0.1</stArea:w><stArea:x>0.8</stArea:x><stArea:y>0.25</stArea:y>
      </mwg-rs:Area>
      <mwg-rs:Name>Rex</mwg-rs:Name>
      <mwg-rs:Type>Pet</mwg-rs:Type>
     </rdf:li>
    </rdf:Bag>
   </mwg-rs:RegionList>
  </mwg-rs:Regions>
 </rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end='w'?>""".encode()

# The compact form in which exiv2 (hence digiKam) and Adobe's toolkit write the same structures.
COMPACT = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"
    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Software="other">
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions stDim:w="400" stDim:h="300" stDim:unit="pixel"/>
    <mwg-rs:RegionList>
     <rdf:Bag>
      <rdf:li>
       <rdf:Description mwg-rs:Name="Cy" mwg-rs:Type="Face">
        <mwg-rs:Area stArea:x="0.5" stArea:y="0.5" stArea:w="0.2" stArea:h="0.4"
          stArea:unit="normalized"/>
       </rdf:Description>
      </rdf:li>
      <rdf:li>
       <rdf:Description mwg-rs:Type="Face">
        <mwg-rs:Area stArea:x="0.2" stArea:y="0.2" stArea:w="0.2" stArea:h="0.2"
          stArea:unit="normalized"/>
       </rdf:Description>
      </rdf:li>
     </rdf:Bag>
    </mwg-rs:RegionList>
   </mwg-rs:Regions>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""
ADA = Region("Ada", (0.1, 0.2, 0.3, 0.6), own=True)
SIZE = (400, 300)


def close(one: Region, other: Region) -> bool:
    return (one.name, one.own) == (other.name, other.own) and np.allclose(
        one.box_xyxy, other.box_xyxy, atol=2e-6
    )


def test_regions_of_other_programs() -> None:
    (found,) = read_regions(EXIFTOOL, "p.jpg.xmp")
    assert close(found, Region("Ada & Bo", (0.3, 0.125, 0.5, 0.375)))
    cy, nameless = read_regions(COMPACT, "p.jpg.xmp")
    assert close(cy, Region("Cy", (0.4, 0.3, 0.6, 0.7)))
    assert close(nameless, Region(None, (0.1, 0.1, 0.3, 0.3)))
    assert read_regions(COMPACT + b"\0" * 50, "padded") == [cy, nameless]


@pytest.mark.parametrize("before", [None, EXIFTOOL, COMPACT], ids=["none", "exiftool", "compact"])
def test_what_is_written_is_read_and_the_rest_is_kept(before: bytes | None) -> None:
    old = [] if before is None else read_regions(before, "x")
    after, refused = with_regions(before, [ADA], size_wh=SIZE, source="x")
    assert refused == []
    found = read_regions(after, "x")
    assert found[: len(old)] == old
    assert close(found[-1], ADA)
    for kept in (b"<dc:subject>", b"Rex", b"a comment of somebody", b"ExifTool 12.57", b'"other"'):
        assert before is None or (kept in before) == (kept in after)
    # Once more changes nothing, another name replaces mien's own, and no region leaves the rest.
    again, _ = with_regions(after, [ADA], size_wh=SIZE, source="x")
    assert len(read_regions(again, "x")) == len(found)
    renamed, _ = with_regions(after, [Region("Eve", ADA.box_xyxy)], size_wh=SIZE, source="x")
    assert [r.name for r in read_regions(renamed, "x")] == [*(r.name for r in old), "Eve"]
    without, _ = with_regions(after, [], size_wh=SIZE, source="x")
    assert read_regions(without, "x") == old


def test_another_program_s_word_stands() -> None:
    over_cy, over_nameless = (0.41, 0.3, 0.6, 0.72), (0.1, 0.12, 0.3, 0.3)
    given = [Region("Di", over_cy), Region("Ed", over_nameless)]
    after, refused = with_regions(COMPACT, given, size_wh=SIZE, source="x")
    assert [region.name for region in refused] == ["Di"]
    assert [(r.name, r.own) for r in read_regions(after, "x")] == [("Cy", False), ("Ed", False)]
    same, refused = with_regions(COMPACT, [Region("Cy", over_cy)], size_wh=SIZE, source="x")
    assert (refused, len(read_regions(same, "x"))) == ([], 2)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)


@given(st.lists(st.tuples(NAMES, st.floats(0, 0.5), st.floats(0.01, 0.4)), max_size=5))
def test_any_names_come_back(rows: list[tuple[str, float, float]]) -> None:
    given = [Region(name, (at, at, at + side, at + side), own=True) for name, at, side in rows]
    after, _ = with_regions(None, given, size_wh=SIZE, source="x")
    found = read_regions(after, "x")
    assert len(found) == len(given)
    assert all(close(one, other) for one, other in zip(found, given, strict=True))


def test_what_is_no_xmp_is_refused() -> None:
    bomb = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
    <x:xmpmeta xmlns:x="adobe:ns:meta/">&b;</x:xmpmeta>"""
    file = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'
    for wrong, said in {
        bomb: "document type",
        bomb.decode().encode("utf-16"): "document type",
        file: "document type",
        b"": "is not XMP",
        b"\xff\xd8\xff": "is not XMP",
        EXIFTOOL[:900]: "is not XMP",
        b"<html/>": "holds no rdf:RDF",
        b" " * 20_000_001: "at most",
        b"<a>" * 50_000: "nested too deeply",
    }.items():
        with pytest.raises(InputError, match=said):
            read_regions(wrong, "x")
        with pytest.raises(InputError, match=said):
            with_regions(wrong, [ADA], size_wh=SIZE, source="x")


@pytest.mark.parametrize("name", ["\x00", "Ada\x1b[1m", "\ud800"])
def test_a_name_that_xml_cannot_hold(name: str) -> None:
    with pytest.raises(InputError, match="characters that XML cannot hold"):
        with_regions(EXIFTOOL, [Region(name, ADA.box_xyxy)], size_wh=SIZE, source="x")


def test_regions_that_say_nothing_are_passed_over() -> None:
    broken = COMPACT.replace(b'stArea:w="0.2" stArea:h="0.4"', b'stArea:d="0.2"')
    assert len(read_regions(broken, "x")) == 1
    assert len(read_regions(COMPACT.replace(b'"0.4"', b'"nan"'), "x")) == 1
    assert len(read_regions(COMPACT.replace(b'"normalized"', b'"pixel"'), "x")) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_as_pillow_applies_it(orientation: int) -> None:
    """A white box in the stored picture lies, displayed, where Pillow turns it to."""
    stored = np.zeros((40, 60), np.uint8)
    stored[4:12, 6:30] = 255
    picture = PillowImage.fromarray(stored)
    picture.getexif()[0x0112] = orientation
    shown = np.asarray(ImageOps.exif_transpose(picture))
    rows, columns = np.nonzero(shown)
    height, width = shown.shape
    box = (
        columns.min() / width,
        rows.min() / height,
        (columns.max() + 1) / width,
        (rows.max() + 1) / height,
    )
    expected = (6 / 60, 4 / 40, 30 / 60, 12 / 40)
    assert orient(box, orientation) == pytest.approx(expected)
    assert orient(expected, orientation, back=True) == pytest.approx(box)


def test_the_frame_of_a_picture_and_xmp_inside(tmp_path: Path) -> None:
    picture = PillowImage.new("RGB", (60, 40))
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "a.jpg", exif=exif, xmp=EXIFTOOL)
    data = (tmp_path / "a.jpg").read_bytes()
    assert stored_frame(data) == ((60, 40), 6)
    assert read_regions(embedded_xmp(data), "a.jpg")[0].name == "Ada & Bo"
    exif[0x0112] = 77
    picture.save(tmp_path / "b.png", exif=exif)
    data = (tmp_path / "b.png").read_bytes()
    assert (stored_frame(data), embedded_xmp(data)) == (((60, 40), 1), None)
    assert sidecar_of(tmp_path / "a.jpg").name == "a.jpg.xmp"


@pytest.mark.parametrize("before", [None, EXIFTOOL, COMPACT], ids=["none", "exiftool", "compact"])
def test_exiftool_reads_it(tmp_path: Path, before: bytes | None) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("needs exiftool (Debian: libimage-exiftool-perl)")
    path = tmp_path / "p.jpg.xmp"
    path.write_bytes(with_regions(before, [ADA], size_wh=SIZE, source="x")[0])
    done = subprocess.run(
        ["exiftool", "-j", "-struct", "-XMP:all", str(path)], capture_output=True, check=True
    )
    (found,) = json.loads(done.stdout)
    assert "Warning" not in found
    info = found["RegionInfo"]
    region = info["RegionList"][-1]
    assert (region["Name"], region["Type"], region["Description"]) == ("Ada", "Face", "mien")
    area = region["Area"]
    numbers = [float(area[key]) for key in "XYWH"]
    assert numbers == pytest.approx([0.2, 0.4, 0.2, 0.4])
    assert area["Unit"] == "normalized"
    if before is None:
        assert info["AppliedToDimensions"] == {"W": 400, "H": 300, "Unit": "pixel"}
    elif before is EXIFTOOL:
        assert found["Subject"] in ("cat", ["cat"])


@pytest.mark.parametrize("before", [None, EXIFTOOL, COMPACT], ids=["none", "exiftool", "compact"])
def test_exiv2_reads_it(tmp_path: Path, before: bytes | None) -> None:
    if shutil.which("exiv2") is None:
        pytest.skip("needs exiv2, whose library digiKam reads with")
    path = tmp_path / "p.xmp"
    path.write_bytes(with_regions(before, [ADA], size_wh=SIZE, source="x")[0])
    done = subprocess.run(["exiv2", "-PXkt", str(path)], capture_output=True, check=True, text=True)
    n = 1 if before is None else 3
    start = f"Xmp.mwg-rs.Regions/mwg-rs:RegionList[{n}]/"
    lines = dict(line.split(None, 1) for line in done.stdout.splitlines() if " " in line)
    assert lines[start + "mwg-rs:Name"].strip() == "Ada"
    assert float(lines[start + "mwg-rs:Area/stArea:x"]) == pytest.approx(0.2)
    assert float(lines[start + "mwg-rs:Area/stArea:h"]) == pytest.approx(0.4)
