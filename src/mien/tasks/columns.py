"""One column over all faces of a batch, dealt out to their pictures."""

from __future__ import annotations

from collections.abc import Sequence

from mien.types import Analysis, Attribute


def with_column(analyses: Sequence[Analysis], name: str, column: Attribute) -> list[Analysis]:
    """Return the analyses with the attribute ``name``: a row for each face of the batch, in order.

    A picture that failed stays as it is.
    """
    dealt: list[Analysis] = []
    start = 0
    for analysis in analyses:
        end = start + len(analysis.found)
        if analysis.faces is not None:
            faces = analysis.faces.with_attribute(name, column[start:end])
            analysis = analysis.with_faces(faces)
        dealt.append(analysis)
        start = end
    return dealt
