"""Parquet shards of a bulk job: one file a block of pictures, one row a picture, written whole.

Columns: ``source``; ``content_sha256``; ``width``, ``height`` px; ``error_kind``, ``error`` (null
when it was analysed); ``record``: the JSON that ``mien analyze`` writes for the picture; ``faces``:
one struct a face of ``box`` (x1, y1, x2, y2 px), ``detection_score``, ``quality`` (0..100; NaN:
could not be measured, null: not asked for), ``vector`` (unit length) and ``norm``
(null without templates). The file's metadata hold the model id of the vectors.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mien.apps.journal import Stamp, stamp_of
from mien.errors import InputError, MissingExtraError
from mien.types import Analysis, Attribute, Boxes, Faces, Failure, Templates

FORMAT = 1
JOB_FILE = "job.json"
#: Pictures of a block: few enough to share work out evenly, enough for files worth opening.
_LEAST_BLOCK, _MOST_BLOCK = 8, 512
#: Rows that are held before they are written.
_ROWS = 64


@dataclass(frozen=True, slots=True)
class Block:
    """Pictures that are analysed together; the shard's name tells their paths and states."""

    number: int
    paths: tuple[str, ...]
    digest: str

    @property
    def name(self) -> str:
        """The name of its shard."""
        return f"part-{self.number:06}-{self.digest}.parquet"


class ShardFolder:
    """A folder of shards; blocks whose shard is there are done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(
        self, paths: Iterable[str], settings: Mapping[str, Any], *, n_workers: int
    ) -> tuple[list[Block], list[Block]]:
        """Make or take up the job of a folder; returns all its blocks, and those to be done.

        A picture stays in its block whatever pictures come and go: the block is a hash of its
        path. Raises InputError for a folder of other settings or of something else.
        """
        paths = sorted(paths)
        n_blocks = self._n_blocks(settings, len(paths), n_workers)
        shared: dict[int, list[str]] = {}
        for path in paths:
            place = hashlib.sha256(os.fsencode(path)).digest()
            shared.setdefault(int.from_bytes(place[:8], "big") % n_blocks, []).append(path)
        blocks = [_block(number, shared[number]) for number in sorted(shared)]
        for part in self.folder.glob(".part-*"):
            part.unlink(missing_ok=True)
        return blocks, [block for block in blocks if not (self.folder / block.name).exists()]

    def finish(self, blocks: Iterable[Block]) -> None:
        """Remove the shards of pictures as they were before."""
        current = {block.name for block in blocks}
        for shard in self.folder.glob("part-*.parquet"):
            if shard.name not in current:
                shard.unlink()

    def write(
        self, block: Block, analyses: Iterable[Analysis], *, landmarks: tuple[str, ...]
    ) -> tuple[int, int]:
        """Write the shard of a block; returns the number of rows, and of those with an error."""
        arrow, parquet = _arrow()
        target = self.folder / block.name
        part = target.with_name(f".{block.name}.{os.getpid()}")
        n = n_failed = 0
        writer, rows, model_id = None, [], None
        schema = _schema(arrow)
        try:
            writer = parquet.ParquetWriter(part, schema)
            for analysis in analyses:
                rows.append(_row(analysis, landmarks))
                n, n_failed = n + 1, n_failed + (analysis.error is not None)
                if analysis.templates is not None:
                    model_id = analysis.templates.model_id
                if len(rows) >= _ROWS:
                    writer.write_table(arrow.Table.from_pylist(rows, schema))
                    rows = []
            writer.write_table(arrow.Table.from_pylist(rows, schema))
            writer.add_key_value_metadata({"model_id": "" if model_id is None else model_id})
            writer.close()
            part.replace(target)
        except OSError as error:
            raise InputError(f"{target}: cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        return n, n_failed

    def read(self, blocks: Iterable[Block]) -> Iterator[tuple[Path, Analysis]]:
        """Yield the path and the analysis of each picture, one shard in memory at a time."""
        _, parquet = _arrow()
        for block in blocks:
            with parquet.ParquetFile(self.folder / block.name) as file:
                model_id = (file.metadata.metadata or {}).get(b"model_id", b"").decode()
                rows = (row for batch in file.iter_batches(_ROWS) for row in batch.to_pylist())
                for path, row in zip(block.paths, rows, strict=True):
                    yield Path(path), _analysis(row, model_id)

    def failures(self, blocks: Iterable[Block]) -> Iterator[dict[str, Any]]:
        """Yield the records of pictures that could not be analysed."""
        _, parquet = _arrow()
        for block in blocks:
            columns = ["error_kind", "record"]
            table = parquet.read_table(self.folder / block.name, columns=columns)
            for kind, record in zip(*(table[name].to_pylist() for name in columns), strict=True):
                if kind is not None:
                    yield json.loads(record)

    def _n_blocks(self, settings: Mapping[str, Any], n_paths: int, n_workers: int) -> int:
        job = self.folder / JOB_FILE
        # As JSON gives them back: tuples are lists there.
        wanted = json.loads(json.dumps({"mien_shards": FORMAT, "settings": dict(settings)}))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if job.exists():
                found = json.loads(job.read_text(encoding="utf-8"))
                n_blocks = int(found.pop("blocks"))
                if found != wanted:
                    raise InputError(
                        f"{self.folder}: holds shards of other settings; go on with the same "
                        "options, or name a new folder"
                    )
                return n_blocks
            if any(self.folder.iterdir()):
                raise InputError(f"{self.folder}: holds other files; name a new or empty folder")
            a_share = n_paths // (8 * n_workers)
            n_blocks = max(1, -(-n_paths // min(max(a_share, _LEAST_BLOCK), _MOST_BLOCK)))
            part = self.folder / f".{JOB_FILE}"
            part.write_text(json.dumps(wanted | {"blocks": n_blocks}), encoding="utf-8")
            part.replace(job)
            return n_blocks
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be used: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{job}: is no job of mien ({error})") from error


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards of a finished job."""

    folder: ShardFolder
    blocks: Sequence[Block]

    def analyses(self) -> Iterator[tuple[Path, Analysis]]:
        """Yield the path and the analysis of each picture, one shard in memory at a time."""
        return self.folder.read(self.blocks)

    def failures(self) -> Iterator[dict[str, Any]]:
        """Yield the records of pictures that could not be analysed."""
        return self.folder.failures(self.blocks)


def _block(number: int, paths: list[str]) -> Block:
    stamps: list[tuple[str, Stamp]] = [(path, stamp_of(path)) for path in paths]
    digest = hashlib.sha256(json.dumps(stamps).encode()).hexdigest()[:16]
    return Block(number, tuple(paths), digest)


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("Parquet shards need: pip install 'mien[ray]'") from error
    return pyarrow, pyarrow.parquet


def _schema(arrow: Any) -> Any:
    face = arrow.struct(
        [
            ("box", arrow.list_(arrow.float32())),
            ("detection_score", arrow.float32()),
            ("quality", arrow.float32()),
            ("vector", arrow.list_(arrow.float32())),
            ("norm", arrow.float32()),
        ]
    )
    return arrow.schema(
        [
            ("source", arrow.string()),
            ("content_sha256", arrow.string()),
            ("width", arrow.int32()),
            ("height", arrow.int32()),
            ("error_kind", arrow.string()),
            ("error", arrow.string()),
            ("record", arrow.string()),
            ("faces", arrow.list_(face)),
        ]
    )


def _row(analysis: Analysis, landmarks: tuple[str, ...]) -> dict[str, Any]:
    record = analysis.to_dict(landmarks=landmarks)
    error = analysis.error
    return {
        "source": _text(analysis.source),
        "content_sha256": analysis.content_sha256,
        "width": record["width"],
        "height": record["height"],
        "error_kind": None if error is None else error.kind,
        "error": None if error is None else _text(error.message),
        "record": json.dumps(record),
        "faces": [_face(analysis, row) for row in range(len(analysis.found))],
    }


def _text(text: str | None) -> str | None:
    """Return what Parquet can hold: undecodable file names become backslash escapes."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()


def _face(analysis: Analysis, row: int) -> dict[str, Any]:
    face, templates, quality = analysis.found[row], analysis.templates, None
    if "quality" in analysis.found.attributes:
        # NaN: measured, and not measurable on this face.
        quality = float("nan") if face.quality is None else face.quality
    return {
        "box": list(face.box),
        "detection_score": face.detection_score,
        "quality": quality,
        "vector": None if templates is None else templates.vectors[row],
        "norm": None if templates is None else float(templates.norm[row]),
    }


def _analysis(row: Mapping[str, Any], model_id: str) -> Analysis:
    """Return what enrolment needs of an analysis: boxes, quality, templates."""
    source, content = json.loads(row["record"])["source"], row["content_sha256"]
    if row["error_kind"] is not None:
        return Analysis(source, content, error=Failure(row["error_kind"], row["error"]))
    size, found = (row["width"], row["height"]), row["faces"]
    if not found:
        return Analysis(source, content, size, Faces.empty(size))
    faces = Faces(
        size,
        Boxes(np.array([face["box"] for face in found], np.float32)),
        np.array([face["detection_score"] for face in found], np.float32),
    )
    quality = [face["quality"] for face in found]
    if None not in quality:
        values = np.array(quality, np.float32)[:, None]
        column = Attribute(values, "scalar", "shard", labels=("unified",))
        faces = faces.with_attribute("quality", column)
    vectors = [face["vector"] for face in found]
    templates = None
    if None not in vectors:
        norm = np.array([face["norm"] for face in found], np.float32)
        templates = Templates(np.array(vectors, np.float32), norm, model_id)
    return Analysis(source, content, size, faces, templates=templates)
