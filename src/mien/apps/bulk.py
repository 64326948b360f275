"""Bulk jobs on Ray Data: blocks of pictures go to stateful actors, which write Parquet shards.

The folder of shards must be one that every machine sees under the same path, as the pictures.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mien.apps.shards import Block, ShardFolder
from mien.errors import InputError, MienError, MissingExtraError
from mien.io.cores import available_cores
from mien.tasks.pipeline import Analyzer


class BlockWorker:
    """Lives in an actor: keeps one Analyzer, and turns blocks into shards."""

    def __init__(self, analyzer: Analyzer, folder: str, landmarks: tuple[str, ...]) -> None:
        self._analyzer = analyzer
        self._folder = ShardFolder(Path(folder))
        self._landmarks = landmarks

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Analyse one block; returns how many pictures it has, how many failed."""
        given = json.loads(row["block"])
        block = Block(given["number"], tuple(given["paths"]), given["digest"])
        analyses = self._analyzer.analyze_many(iter(block.paths))
        n, n_failed = self._folder.write(block, analyses, landmarks=self._landmarks)
        return {"n": n, "n_failed": n_failed}


def run_on_ray(
    analyzer: Analyzer,
    blocks: Iterable[Block],
    folder: Path,
    *,
    on: str,
    workers: int | None,
    landmarks: tuple[str, ...],
    on_done: Callable[[int], None] = lambda n: None,
) -> None:
    """Write the shards of blocks; ``analyzer`` should have one thread, an actor has one core.

    ``on``: "ray" for this machine, "ray://host:10001" or "ray:auto" for a cluster. ``workers``:
    actors; default one a core. ``on_done`` is told how many pictures are done.
    """
    # ASCII: file names that are no valid Unicode survive as escapes.
    items = [{"block": json.dumps(asdict(block))} for block in blocks]
    if not items:
        return
    with _session(on, workers) as ray:
        cores = int(ray.cluster_resources().get("CPU", 1))
        n_actors = min(cores if workers is None else workers, len(items))
        # Under Ray Data's blocks of many rows, progress would come in large steps.
        data = ray.data.from_items(items, override_num_blocks=len(items))
        done = data.map(
            BlockWorker,
            fn_constructor_args=(analyzer, str(folder.absolute()), landmarks),
            compute=ray.data.ActorPoolStrategy(size=n_actors),
            num_cpus=1,
        )
        try:
            for row in done.iter_rows():
                on_done(int(row["n"]))
        except ray.exceptions.RayError as error:
            raise _explained(error) from error


def cores_of(workers: int | None) -> int:
    """Return how many actors a new job is cut up for."""
    return available_cores() if workers is None else workers


@contextmanager
def _session(on: str, workers: int | None) -> Iterator[Any]:
    """Yield ray, connected to this machine or a cluster, and disconnect."""
    scheme, _, address = on.partition(":")
    if scheme != "ray":
        raise InputError(f"--on: got {on!r}, expected ray, ray:auto or ray://host:10001")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingExtraError("bulk jobs on Ray need: pip install 'mien[ray]'") from error
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if not address:
        options |= {"num_cpus": cores_of(workers), "include_dashboard": False}
    else:
        options["address"] = f"ray:{address}" if address.startswith("//") else address
    try:
        ray.init(**options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"--on {on}: Ray cannot be reached: {error}") from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield ray
    finally:
        ray.shutdown()


def _explained(error: Any) -> MienError:
    """Return mien's own error out of a worker, or what Ray says in one line."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MienError):
            return cause
        cause = getattr(cause, "cause", None) or cause.__cause__
    return InputError(f"Ray: {str(error).strip().splitlines()[-1]}")
