"""Two packs; one is pickled as Python 2 did, one holds arrays."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np

from tests.data.trees import Expected, encoded, overwritten

PACKS = {"lfw": 2, "cfp_ff": 2, "cfp_fp": 4, "agedb_30": 2, "calfw": 2, "cplfw": 2, "vgg2_fp": 2}
EXPECTED = Expected(
    tuple(f"{name}.bin#{number}" for name, count in PACKS.items() for number in range(count)),
    PACKS,
)


def build(root: Path) -> None:
    for name, count in PACKS.items():
        content = ([encoded(10 * number) for number in range(count)], [True, False][: count // 2])
        (root / f"{name}.bin").write_bytes(pickle.dumps(content, protocol=2))
    arrays = [np.frombuffer(encoded(value), np.uint8) for value in (30, 40)]
    (root / "agedb_30.bin").write_bytes(pickle.dumps((arrays, [np.bool_(True)]), protocol=4))


class Attack:
    """Unpickling it would run a command."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("unpickled",)


BROKEN = (
    (overwritten("cfp_fp.bin", pickle.dumps(([Attack()], [True]))), "byte .*mkdir"),
    (overwritten("cfp_fp.bin", b"no pickle"), r"cfp_fp.bin: byte 0: is no plain pickle"),
    (overwritten("cfp_fp.bin", b""), r"cfp_fp.bin: byte 0: is no plain pickle"),
    (overwritten("cfp_fp.bin", pickle.dumps(([b"a", b"b", b"c"], [True]))), "3 pictures and 1 pai"),
    (overwritten("cfp_fp.bin", pickle.dumps(([b"a", 3.5], [True]))), "BINFLOAT"),
    (overwritten("cfp_fp.bin", pickle.dumps(([b"a", 7], [True]))), "picture 1 is not of a kind"),
    (overwritten("cfp_fp.bin", pickle.dumps(([b"a", b"b"], ["yes"]))), "flag 0 is not of a kind"),
    (overwritten("cfp_fp.bin", pickle.dumps(({}, [True]))), "EMPTY_DICT"),
    (overwritten("cfp_fp.bin", pickle.dumps([b"a"])), "expected a pickled pair"),
)
