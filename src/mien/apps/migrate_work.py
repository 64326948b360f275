"""What ``mien gallery migrate`` does: call, then print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from mien.apps.cli_analyze import steps
from mien.apps.gallery_work import embedded, print_json, wants_json
from mien.apps.terminal import OK, SOME_FAILED, say
from mien.errors import InputError
from mien.recognition.migrate import Outcome, target_analyzer
from mien.recognition.migrate import migrate as migrate_gallery


def migrate(
    folder: Path,
    model: str | None,
    *,
    root: Path | None,
    drop_missing: bool,
    abandon: bool,
    reason: str,
    as_json: bool,
    options: dict[str, Any],
) -> int:
    """Migrate, or give it up; return the exit code."""
    if abandon == (model is not None):
        raise InputError("migrate: expected either --model or --abandon")
    with embedded(folder) as gallery:
        if model is None:
            found = gallery.abandon_migration(reason=reason)
            say("mien: given up" if found else "mien: no migration was under way")
            return OK
        analyzer, model_id = target_analyzer(model, **options)
        done, total = gallery.migration(model_id).progress()
        with steps("embedding", total - done) as step:
            outcome = migrate_gallery(
                gallery,
                analyzer,
                model_id,
                root=root,
                drop_missing=drop_missing,
                reason=reason,
                on_done=step,
            )
        _show(outcome, gallery.count().references, model_id, as_json=as_json)
    return SOME_FAILED if outcome.missing else OK


def _show(outcome: Outcome, n_references: int, model_id: str, *, as_json: bool) -> None:
    for reference, why in outcome.missing:
        say(f"mien: reference {reference.reference_id}: {reference.source}: {why}")
    switched = outcome.migrated is not None
    dropped = 0 if outcome.migrated is None else outcome.migrated.n_dropped
    if wants_json(as_json):
        missing = [
            {
                "reference_id": reference.reference_id,
                "subject_id": reference.subject_id,
                "source": reference.source,
                "reason": why,
            }
            for reference, why in outcome.missing
        ]
        state = {"model_id": model_id, "switched": switched, "already": outcome.already}
        print_json(state | {"references": n_references, "dropped": dropped, "missing": missing})
    elif outcome.already:
        typer.echo(f"the gallery has {model_id} already")
    elif switched:
        typer.echo(f"{n_references:,} references have templates of {model_id}; {dropped:,} dropped")
    else:
        typer.echo(
            f"{len(outcome.missing):,} of {n_references:,} references are missing: the gallery "
            "stays with its old model. Bring their pictures back and run it again, drop them with "
            "--drop-missing, or give up with --abandon"
        )
