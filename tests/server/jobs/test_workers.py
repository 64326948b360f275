"""Jobs of a server with several processes: killed ones are replaced, and the job goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.server.conftest import serving
from tests.server.jobs.conftest import MakeFolder, finish, results, start, until
from tests.server.test_workers import children


@pytest.mark.slow
def test_a_job_outlives_the_inference_process(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "pictures", 40)
    where = ("--workers", "2", "--jobs-root", str(tmp_path))
    with serving(tmp_path / "gallery", *where) as running, running.client() as client:
        job_id = start(client, kind="analyze", folder="pictures")
        until(client, job_id, lambda job: job["done"] >= 3)
        (first,) = children(running, "inference")
        os.kill(first, signal.SIGKILL)
        job = finish(client, job_id)
        assert job["done"] == 41
        found = results(client, job_id)
    assert len({one["source"] for one in found}) == len(found) == 41
    # The broken file only: no picture fails because a process died.
    assert sum(one["error"] is not None for one in found) == 1
