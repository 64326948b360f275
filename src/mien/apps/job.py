"""A bulk job: many inputs, one Analyzer, and a journal of what is done."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

import mien
from mien.apps.journal import Journal, Stamp, stamp_of
from mien.errors import ImageNotFoundError, InputError, MienError
from mien.io import IMAGE_SUFFIXES, find_images, read_image
from mien.render import draw
from mien.render.outlines import to_plain
from mien.render.report import face_outlines
from mien.tasks.pipeline import Analyzer, AnalyzesMany
from mien.types import SCHEMAS, Analysis, Image

logger = logging.getLogger(__name__)
#: A picture's record, and the outlines of its faces for drawings made later.
Recorder = Callable[[Analysis], tuple[dict[str, Any], list[list[Any]]]]
_JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Input:
    """One picture file, and its name below what the user named."""

    path: str
    name: str


def expand(
    paths: Iterable[Path],
    *,
    leave_out: Path | None = None,
    suffixes: Set[str] = IMAGE_SUFFIXES,
) -> list[Input]:
    """Return every picture of the files and folders, in order, each once; what is missing stays in.

    ``leave_out``: a folder whose pictures are not taken: it is written to. ``suffixes``: of what is
    a picture in a folder.
    """
    unwanted = None if leave_out is None else leave_out.resolve()
    inputs: dict[str, Input] = {}
    for path in paths:
        for found in _pictures(path, unwanted, suffixes):
            name = found.relative_to(path) if found != path else Path(path.name)
            inputs.setdefault(str(found), Input(str(found), str(name)))
    return list(inputs.values())


def _pictures(path: Path, unwanted: Path | None, suffixes: Set[str]) -> Iterator[Path]:
    try:
        for found in find_images(path, suffixes=suffixes):
            if found == path or unwanted is None or unwanted not in found.resolve().parents:
                yield found
    except ImageNotFoundError:
        yield path


def settings_of(analyzer: Analyzer, landmarks: tuple[str, ...]) -> dict[str, Any]:
    """Return what must agree for two runs to give the same records; not how fast they are."""
    options = {
        name: getattr(analyzer.options, name)
        for name in type(analyzer.options).__dataclass_fields__
        if name != "device"
    }
    return {
        "mien_version": mien.__version__,
        "tasks": list(analyzer.task_names),
        "models": [spec.model_id for spec in analyzer.models],
        "landmarks": list(landmarks),
        "max_pixels": analyzer.max_pixels,
        "options": options,
    }


def with_outlines(landmarks: tuple[str, ...]) -> Recorder:
    """Return what records an analysis with these landmarks, ready for the report."""

    def record(analysis: Analysis) -> tuple[dict[str, Any], list[list[Any]]]:
        lines = [[to_plain(line) for line in face] for face in face_outlines(analysis)]
        return analysis.to_dict(landmarks=landmarks), lines

    return record


def run(
    analyzer: AnalyzesMany,
    inputs: Iterable[Input],
    journal: Journal,
    *,
    record: Recorder,
    drawings: Callable[[Input], Path] | None = None,
    on_done: Callable[[], None] = lambda: None,
) -> None:
    """Analyse what the journal does not hold yet; ``drawings`` names the picture to draw."""
    waiting: deque[tuple[Input, Stamp]] = deque()

    def ahead() -> Iterator[str]:
        for item in inputs:
            # The state of a file is taken before it is read: one that changes is done again.
            stamp = stamp_of(item.path)
            drawn = drawings is None or drawings(item).exists()
            if drawn and journal.is_done(item.path, stamp):
                on_done()
            else:
                waiting.append((item, stamp))
                yield item.path

    for analysis in analyzer.analyze_many(ahead()):
        item, stamp = waiting.popleft()
        if drawings is not None and analysis.error is None:
            write_drawing(item.path, analysis, drawings(item), max_pixels=analyzer.max_pixels)
        stamp = stamp if analysis.error is None else None
        journal.add(item.path, stamp, *record(analysis))
        on_done()


def records(inputs: Iterable[Input], journal: Journal) -> Iterator[dict[str, Any]]:
    """Yield the record of each input, in order."""
    return (journal.read(item.path)[0] for item in inputs)


def schemas_of(text: str) -> tuple[str, ...]:
    """Return the landmark schemas of "all", "none" or a comma-separated list."""
    if text in ("all", "none"):
        return tuple(SCHEMAS) if text == "all" else ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in SCHEMAS]
    if unknown:
        raise InputError(
            f"landmarks: got {', '.join(unknown)}, expected all, none or any of "
            + ", ".join(SCHEMAS)
        )
    return names


def drawn_name(name: Path) -> Path:
    """Return a drawing's name: JPEG and PNG keep their kind, others become ``name.ext.jpg``."""
    kept = name.suffix.lower() in (".jpg", ".jpeg", ".png")
    return name if kept else name.with_name(name.name + ".jpg")


def drawing_paths(
    folder: Path, inputs: Iterable[Input], *, rename: Callable[[Path], Path] = drawn_name
) -> Callable[[Input], Path]:
    """Return where each input's drawing goes: its own name, renamed, below the folder.

    Equal names are numbered. Raises InputError where a drawing would replace the picture itself.
    """
    targets: dict[str, Path] = {}
    taken: set[Path] = set()
    for item in inputs:
        name = rename(Path(item.name))
        target, number = folder / name, 2
        while target in taken:
            target = folder / name.with_stem(f"{name.stem}-{number}")
            number += 1
        if target.exists() and Path(item.path).exists() and target.samefile(item.path):
            raise InputError(f"{target}: would replace the picture itself; write elsewhere")
        taken.add(target)
        targets[item.path] = target
    return lambda item: targets[item.path]


def write_drawing(path: str, analysis: Analysis, target: Path, *, max_pixels: int) -> None:
    """Read the picture again, draw on it, and write it."""
    image = read_again(path, max_pixels=max_pixels)
    if image is None:
        return
    drawn = draw(image, analysis)
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if target.suffix.lower() != ".png" else []
    _, encoded = cv2.imencode(target.suffix, drawn.pixels[:, :, ::-1], options)
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(encoded.tobytes())
        part.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error


def read_again(path: str, *, max_pixels: int) -> Image | None:
    """Return the picture for drawing, ``None`` when it has gone since it was analysed."""
    try:
        return read_image(path, max_pixels=max_pixels)
    except MienError as error:
        logger.warning("%s: cannot be read again: %s", path, error)
        return None
