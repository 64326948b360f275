"""What ``mien enrol``, ``search`` and ``gallery`` do: call, then print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import typer

from mien.apps.cli_analyze import shards_of, steps
from mien.apps.terminal import FAILED, OK, SOME_FAILED, console, is_terminal, printable, say
from mien.errors import GalleryNotFoundError, InputError
from mien.gallery import Consent, Erased, Policy, Subject, open_gallery
from mien.gallery.copies import restore as restore_copy
from mien.gallery.parquet import read_parquet
from mien.gallery.sqlite import Precision, SqliteGallery
from mien.io import find_images
from mien.recognition.enrol import (
    Choose,
    Progress,
    enrol_analysed,
    enrol_faces,
    enrol_pictures,
)
from mien.recognition.labels import Labels, by_folder, by_name, by_table
from mien.recognition.pinned import analyzer_for, lookalike_threshold
from mien.recognition.sidecars import named_by_sidecar, write_sidecars
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis
from mien.types.candidate import Candidate


def opened(
    folder: Path, *, create: bool = False, precision: Precision = "float32"
) -> SqliteGallery:
    """Open the gallery that a command names."""
    return cast(SqliteGallery, open_gallery(folder, create=create, precision=precision))


def embedded(folder: Path, *, create: bool = False) -> SqliteGallery:
    """Open a gallery for what only the embedded store can do."""
    gallery = open_gallery(folder, create=create)
    if not isinstance(gallery, SqliteGallery):
        gallery.close()
        raise InputError(f"{folder}: only a gallery in a folder can do this")
    return gallery


def chosen(**options: Any) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def consent_of(purpose: str | None, expires: str | None) -> Consent | None:
    """Return the consent that was stated on the command line, given now."""
    if purpose is None:
        if expires is not None:
            raise InputError("--expires: needs --purpose: what was the consent given for?")
        return None
    until = None
    if expires is not None:
        try:
            until = datetime.fromisoformat(expires)
        except ValueError as error:
            raise InputError(f"--expires: got {expires!r}, expected 2027-12-31") from error
        # The day is the user's own.
        until = until.astimezone() if until.tzinfo is None else until
    return Consent(purpose, datetime.now(UTC), until)


def enrol(
    paths: Sequence[Path],
    folder: Path,
    *,
    subject_from: str,
    choose: Choose,
    consent: Consent | None,
    quality: bool,
    keep_crops: bool,
    reason: str,
    as_json: bool,
    options: dict[str, Any],
    bulk: tuple[str | None, Path | None] | None = None,
) -> int:
    """Enrol pictures, ``bulk`` on Ray into shards first; return the exit code."""
    from_xmp = subject_from == "xmp"
    labels = {} if from_xmp else _labels_of_all(paths, subject_from)
    files = list(dict.fromkeys(find_images(paths))) if from_xmp else list(labels)
    tasks = ("quality", "embed") if quality else ("embed",)
    if bulk is not None and (from_xmp or keep_crops):
        raise InputError("--on: goes with neither --subject-from xmp nor --keep-crops")
    with (embedded if keep_crops else opened)(folder, create=True) as gallery:
        if keep_crops:
            require_encrypted(gallery)
        one_core = {} if bulk is None else {"threads": 1}
        analyzer = analyzer_for(gallery, tasks, **options | one_core)
        how: dict[str, Any] = {"consent": consent, "reason": reason}
        how["lookalike_threshold"] = lookalike_threshold(analyzer, gallery)
        by_label: dict[str, Any] = {"choose": choose, "labels": lambda path: labels[path](path)}
        with steps("enrolling", len(files)) as step:
            how["on_done"] = step
            if bulk is not None:
                done = _analysed(analyzer, labels, bulk, options.get("threads"))
                progress = enrol_analysed(gallery, done, **how, **by_label)
            else:
                how |= {"analyzer": analyzer, "keep_crops": keep_crops}
                if from_xmp:
                    progress = enrol_faces(gallery, files, whom=named_by_sidecar, **how)
                else:
                    progress = enrol_pictures(gallery, files, **how, **by_label)
        _show_progress(gallery, progress, as_json=as_json)
    return SOME_FAILED if progress.left else OK


def require_encrypted(gallery: SqliteGallery) -> None:
    """Raise InputError for a gallery that may not keep pictures."""
    if not gallery.encrypted:
        raise InputError(
            "--keep-crops: needs an encrypted gallery; set MIEN_GALLERY_KEY_FILE for a new "
            "one, or encrypt this one: mien gallery rotate-key"
        )


def _labels_of_all(paths: Sequence[Path], subject_from: str) -> dict[Path, Labels]:
    return {p: _labels(subject_from, root) for root in paths for p in find_images(root)}


def _analysed(
    analyzer: Analyzer,
    paths: Iterable[Path],
    bulk: tuple[str | None, Path | None],
    workers: int | None,
) -> Iterator[tuple[Path, Analysis]]:
    on, folder = bulk
    if on is None or folder is None:
        raise InputError("--on and --shards go together: --on ray --shards FOLDER")
    found = shards_of(analyzer, [str(path) for path in paths], folder, on=on, workers=workers)
    return found.analyses()


def _labels(subject_from: str, root: Path) -> Labels:
    if subject_from == "folder":
        return by_folder(root if root.is_dir() else root.parent.parent)
    if subject_from == "name":
        return by_name
    if Path(subject_from).suffix.lower() == ".csv":
        return by_table(Path(subject_from))
    raise InputError(
        f"--subject-from: got {subject_from!r}, expected folder, name, xmp, or a file that "
        "ends in .csv"
    )


def _show_progress(gallery: SqliteGallery, progress: Progress, *, as_json: bool) -> None:
    for left in progress.left:
        say(f"mien: {left.source}: {left.reason}")
    for lookalike in progress.lookalikes:
        new, old = (
            _title(gallery.subject(number))
            for number in (lookalike.subject_id, lookalike.resembles_subject_id)
        )
        say(f"mien: {new} looks like {old} (score {lookalike.score:.3f}): the same person?")
    count = gallery.count()
    document = {
        "pictures": progress.n_pictures,
        "enrolled": progress.n_enrolled,
        "already": progress.n_already,
        "left_out": [{"source": left.source, "reason": left.reason} for left in progress.left],
        "lookalikes": [
            {
                "subject_id": lookalike.subject_id,
                "resembles_subject_id": lookalike.resembles_subject_id,
                "score": lookalike.score,
            }
            for lookalike in progress.lookalikes
        ],
        "subjects": count.subjects,
        "references": count.references,
    }
    if wants_json(as_json):
        print_json(document)
        return
    typer.echo(
        f"{progress.n_enrolled:,} enrolled, {progress.n_already:,} already there, "
        f"{len(progress.left):,} left out; the gallery holds {count.references:,} references of "
        f"{count.subjects:,} subjects"
    )


def search(
    paths: Sequence[Path],
    folder: Path,
    *,
    top: int,
    policy: Policy,
    precision: Precision,
    as_json: bool,
    options: dict[str, Any],
) -> int:
    """Search every face; return the exit code."""
    failed = 0
    probes = []
    with opened(folder, precision=precision) as gallery:
        analyzer = analyzer_for(gallery, **options)
        for analysis in analyzer.analyze_many(find_images(paths)):
            if analysis.error is not None:
                failed += 1
                say(f"mien: {analysis.error.message}")
                continue
            probes += _found(gallery, analysis, top, policy)
        document = {"model_id": gallery.model_id, "policy": policy, "probes": probes}
    if wants_json(as_json):
        print_json(document)
    else:
        _show_found(probes)
    return SOME_FAILED if failed else OK


def _found(
    gallery: SqliteGallery, analysis: Analysis, top: int, policy: Policy
) -> list[dict[str, Any]]:
    if analysis.templates is None:
        return []
    rows = gallery.search(analysis.templates, top, policy=policy)
    return [
        {
            "source": analysis.source,
            "face_index": face.index,
            "box": [round(side, 2) for side in face.box],
            "candidates": [_candidate(gallery, candidate) for candidate in candidates],
        }
        for face, candidates in zip(analysis.found, rows, strict=True)
    ]


def _candidate(gallery: SqliteGallery, candidate: Candidate) -> dict[str, Any]:
    subject = gallery.subject(candidate.subject_id)
    source = gallery.get(candidate.reference_id).source
    known = {"name": subject.name, "external_id": subject.external_id, "source": source}
    return candidate.to_dict() | known


def _show_found(probes: Iterable[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("picture", "face", "rank", "score", "subject", "reference"):
        side = "right" if heading in ("face", "rank", "score") else "left"
        table.add_column(heading, justify=cast(Any, side))
    for probe in probes:
        first = [printable(str(probe["source"])), str(probe["face_index"] + 1)]
        if not probe["candidates"]:
            table.add_row(*first, "", "", "the gallery is empty", "")
        for candidate in probe["candidates"]:
            title = candidate["name"] or candidate["external_id"] or candidate["subject_id"]
            source = "" if candidate["source"] is None else candidate["source"]
            score = f"{candidate['score']:.3f}"
            cells = [str(candidate["rank"]), score, str(title), source]
            table.add_row(*first, *(printable(cell) for cell in cells))
            first = ["", ""]
    out = console()
    out.print(table)
    out.print(
        "a candidate is the nearest there is, no match; a score is no probability", style="dim"
    )


def info(folder: Path, *, as_json: bool) -> None:
    """Print size, model and copies."""
    with opened(folder) as gallery:
        count = gallery.count()
        document = {
            "model_id": gallery.model_id,
            "migrating_to": getattr(gallery, "migrating_to", None),
            "dimension": gallery.dimension,
            "metric": gallery.metric,
            "subjects": count.subjects,
            "references": count.references,
            "bytes": sum(path.stat().st_size for path in folder.iterdir())
            if folder.is_dir()
            else None,
            "encrypted": gallery.encrypted,
            "erasure": gallery.erasure,
            "copies": [copy.to_dict() for copy in gallery.copies()],
        }
    if wants_json(as_json):
        print_json(document)
        return
    for name, value in document.items():
        shown = f"{value:,}" if type(value) is int else value
        if name != "copies" and value is not None:
            typer.echo(f"{name.replace('_', ' '):12} {shown}")
    for copy in cast(list[dict[str, str]], document["copies"]):
        typer.echo(f"{copy['kind']:12} {printable(copy['path'])}, {copy['made_at']}")


def list_subjects(folder: Path, *, as_json: bool) -> None:
    """Print every subject, one JSON document a line, or a line of text each."""
    with opened(folder) as gallery:
        for subject in gallery.subjects():
            if wants_json(as_json):
                typer.echo(json.dumps(subject.to_dict()))
                continue
            until = None if subject.consent is None else subject.consent.expires_at
            end = "" if until is None else f"  until {until.date()}"
            typer.echo(f"{subject.subject_id:8}  {_title(subject)}{end}")


def delete(
    folder: Path,
    *,
    subject_id: int | None,
    name: str | None,
    external_id: str | None,
    reference_id: int | None,
    opt_out: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Erase what was named."""
    with opened(folder) as gallery:
        if reference_id is not None:
            if opt_out or (subject_id, name, external_id) != (None, None, None):
                raise InputError("delete: --reference goes with no other choice")
            erased = gallery.delete(reference_id=reference_id, reason=reason)
        elif opt_out:
            person = Subject(name, external_id, subject_id=subject_id)
            erased = gallery.opt_out(person, reason=reason)
        else:
            one = _one_subject(gallery, subject_id, name, external_id)
            erased = gallery.delete(subject_id=one, reason=reason)
    _show_erased(erased, as_json=as_json)


def _one_subject(
    gallery: SqliteGallery, subject_id: int | None, name: str | None, external_id: str | None
) -> int:
    if subject_id is not None:
        return subject_id
    if name is None and external_id is None:
        raise InputError("delete: expected --subject, --name, --external-id or --reference")
    found = gallery.find(name=name, external_id=external_id)
    if not found:
        raise GalleryNotFoundError("gallery: nobody has this name or external id")
    if len(found) > 1:
        ids = ", ".join(str(subject.subject_id) for subject in found)
        raise InputError(f"delete: subjects {ids} have this name; name one by --subject")
    assert found[0].subject_id is not None
    return found[0].subject_id


def expire(folder: Path, *, reason: str, as_json: bool) -> None:
    """Erase whose consent has expired."""
    with opened(folder) as gallery:
        erased = gallery.expire(reason=reason)
    _show_erased(erased, as_json=as_json)


def _show_erased(erased: Erased, *, as_json: bool) -> None:
    copies = [{"kind": copy.kind, "path": copy.path} for copy in erased.remaining_copies]
    if wants_json(as_json):
        document = {"subjects": erased.n_subjects, "references": erased.n_references}
        print_json(document | {"erasure": erased.erasure, "remaining_copies": copies})
        return
    typer.echo(
        f"erased {erased.n_subjects:,} subjects and {erased.n_references:,} references "
        f"({erased.erasure})"
    )
    for copy in copies:
        say(f"mien: may still be in the {copy['kind']} {copy['path']}")


def export(folder: Path, file: Path, *, crops: bool, reason: str) -> None:
    """Write the Parquet file."""
    if crops:
        with embedded(folder) as kept:
            n = kept.export(file, crops=True, reason=reason)
    else:
        with opened(folder) as gallery:
            n = gallery.export(file, reason=reason)
    say(f"mien: {n:,} references written; {file} is not encrypted and is yours to look after")


def export_xmp(
    folder: Path, target: Path | None, root: Path | None, *, reason: str, as_json: bool
) -> int:
    """Write the sidecars; return the exit code."""
    with embedded(folder) as gallery:
        written = write_sidecars(gallery, folder=target, root=root, reason=reason)
    for left in written.left:
        say(f"mien: {left.reason}" if left.failed else f"mien: {left.source}: {left.reason}")
    if wants_json(as_json):
        rows = [{"source": left.source, "reason": left.reason} for left in written.left]
        print_json({"sidecars": written.n_sidecars, "regions": written.n_regions, "left_out": rows})
    else:
        typer.echo(f"{written.n_regions:,} names in {written.n_sidecars:,} sidecars")
    return SOME_FAILED if written.left else OK


def import_(folder: Path, file: Path, *, reason: str, as_json: bool) -> None:
    """Enrol an export's rows."""
    with opened(folder, create=True) as gallery:
        n = read_parquet(gallery, file, reason=reason)
        count = gallery.count()
    if wants_json(as_json):
        document = {"enrolled": n, "subjects": count.subjects, "references": count.references}
        print_json(document)
    else:
        typer.echo(f"{n:,} enrolled; the gallery holds {count.references:,} references")


def verify(folder: Path, *, as_json: bool) -> int:
    """Check everything; return the exit code."""
    with opened(folder) as gallery:
        found = gallery.verify()
    if wants_json(as_json):
        print_json(
            {
                "sound": found.sound,
                "subjects": found.n_subjects,
                "references": found.n_references,
                "problems": list(found.problems),
            }
        )
    else:
        for problem in found.problems:
            typer.echo(printable(problem))
        verdict = "sound" if found.sound else f"{len(found.problems)} problems"
        typer.echo(f"{found.n_references:,} references, {found.n_subjects:,} subjects: {verdict}")
    return OK if found.sound else FAILED


def compact(folder: Path) -> None:
    """Close the gaps."""
    with opened(folder) as gallery:
        gallery.compact()


def backup(folder: Path, target: Path, *, reason: str) -> None:
    """Copy the gallery."""
    with opened(folder) as gallery:
        gallery.backup(target, reason=reason)


def restore(copy: Path, folder: Path, *, reason: str) -> None:
    """Make a gallery from a copy."""
    restore_copy(copy, folder, reason=reason)


def audit(folder: Path, *, as_json: bool) -> None:
    """Print the log, one JSON document a line, or a line of text each."""
    with opened(folder) as gallery:
        for entry in gallery.audit():
            if wants_json(as_json):
                typer.echo(json.dumps(entry.to_dict()))
                continue
            whom = "" if entry.subject_id is None else f" {entry.subject_id}"
            when = f"{entry.at:%Y-%m-%d %H:%M:%S} UTC"
            what = f"{entry.action}{whom} ({entry.n})"
            typer.echo(printable(f"{when}  {entry.actor}  {what}  {entry.reason}"))


def rotate_key(folder: Path, new_key: Path, *, reason: str) -> None:
    """Encrypt under another key."""
    with opened(folder) as gallery:
        gallery.rotate_key(new_key, reason=reason)


def _title(subject: Subject) -> str:
    shown = [text for text in (subject.name, subject.external_id) if text is not None]
    return printable(", ".join(shown)) if shown else f"subject {subject.subject_id}"


def wants_json(as_json: bool) -> bool:
    """Tell whether to print JSON: asked for, or stdout is no terminal."""
    return as_json or not is_terminal()


def print_json(document: dict[str, Any]) -> None:
    """Print a document to stdout."""
    typer.echo(json.dumps(document, indent=1))
