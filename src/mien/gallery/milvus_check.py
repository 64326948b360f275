"""Is a gallery in Milvus sound?"""

from __future__ import annotations

from itertools import islice

import numpy as np

from mien.errors import GalleryError
from mien.gallery.milvus_ledger import State
from mien.gallery.milvus_people import People
from mien.gallery.milvus_rows import Rows
from mien.gallery.milvus_server import Server
from mien.gallery.records import Verification
from mien.gallery.upkeep import LENGTH_TOLERANCE

_ROWS = 1000


def check(state: State, server: Server, rows: Rows, people: People) -> Verification:
    """Look at every vector and every name; returns what is wrong."""
    if state.dimension is None:
        return Verification(0, 0)
    problems: list[str] = []
    subjects = set()
    try:
        subjects = {subject.subject_id for subject in people.all(state)}
    except (GalleryError, ValueError, KeyError) as error:
        problems.append(f"subjects: {error}")
    n = 0
    ids = range(1, state.references + 1)
    found = server.each(server.address.collection, "reference_id", ids, rows.record_fields)
    while page := list(islice(found, _ROWS)):
        n += len(page)
        owners = {row["subject_id"] for row in page}
        problems += [f"subject {one}: has references but no name" for one in owners - subjects]
        try:
            records = rows.records(page, state.dimension)
        except (GalleryError, ValueError) as error:
            problems.append(f"references from {page[0]['reference_id']}: {error}")
            continue
        if len(records) < len(page):
            problems.append(f"{len(page) - len(records)} references cannot be decrypted")
        lengths = np.linalg.norm(records["vector"], axis=1)
        for number in records["reference"][~(np.abs(lengths - 1) <= LENGTH_TOLERANCE)]:
            problems.append(f"reference {number}: is not of unit length")
    return Verification(n, len(subjects), tuple(problems))
