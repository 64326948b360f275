"""Jobs through the client: typed, followed through a restart of the server, sync and async."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

import mien
from mien.apps.server.jobs.records import Group, Job, Outcome
from mien.errors import InputError
from tests.server.conftest import serving
from tests.server.jobs.conftest import MakeFolder


def test_jobs_are_typed(tmp_path: Path, make_folder: MakeFolder) -> None:
    folder = make_folder(tmp_path / "root", 6)
    with (
        serving(tmp_path / "gallery", "--jobs-root", str(folder)) as running,
        mien.Client(running.url) as client,
    ):
        job = client.jobs.start("analyze", folder=".", tasks=["age"], landmarks=["five"])
        assert isinstance(job, Job)
        seen = list(client.jobs.follow(job.job_id))
        assert [one.ended for one in seen] == [False] * (len(seen) - 1) + [True]
        assert seen[-1] == client.jobs.get(job.job_id)
        found = list(client.jobs.results(job.job_id))
        assert all(isinstance(one, mien.Analysis) for one in found)
        (failed,) = [one for one in found if one.error is not None]
        assert failed.source == "person 1/broken.jpg"
        whole = next(one for one in found if one.source == "person 0/000.png")
        alone = client.analyze(folder / "person 0" / "000.png", tasks=["age"])
        assert whole.found[0].age == alone.found[0].age
        with pytest.raises(mien.ServerError) as refused:
            client.jobs.start("analyze", folder="/etc")
        assert refused.value.status == 422
        assert client.jobs.cancel(job.job_id).state == "done"
        client.jobs.forget(job.job_id)
        with pytest.raises(mien.ServerError) as gone:
            list(client.jobs.follow(job.job_id))
        assert gone.value.status == 404
        asyncio.run(_enrol_and_cluster(running.url))
        assert [one.kind for one in client.jobs.list()] == ["cluster", "enrol"]


async def _enrol_and_cluster(url: str) -> None:
    async with mien.AsyncClient(url) as client:
        job = await client.jobs.start("enrol", folder=".")
        seen = [one async for one in client.jobs.follow(job.job_id)]
        assert seen[-1].state == "done"
        found = [one async for one in client.jobs.results(job.job_id)]
        assert all(isinstance(one, Outcome) for one in found)
        job = await client.jobs.start("cluster")
        seen = [one async for one in client.jobs.follow(job.job_id)]
        groups = [one async for one in client.jobs.results(job.job_id)]
        assert sum(one.size for one in groups if isinstance(one, Group)) == 6
        assert (await client.jobs.get(job.job_id)) == seen[-1]
        assert (await client.jobs.cancel(job.job_id)).ended
        assert len([one async for one in client.jobs.list()]) == 2


@pytest.mark.slow
def test_following_goes_on_when_the_server_comes_back(
    tmp_path: Path, make_folder: MakeFolder
) -> None:
    folder = make_folder(tmp_path / "root", 30)
    arguments = (tmp_path / "gallery", "--jobs-root", str(folder))
    seen: list[Job] = []
    with serving(*arguments) as first:
        client = mien.Client(first.url)
        job = client.jobs.start("analyze", folder=".")
        thread = threading.Thread(target=lambda: seen.extend(client.jobs.follow(job.job_id)))
        thread.start()
        while client.jobs.get(job.job_id).done < 3:
            pass
        first.process.kill()
    port = int(first.url.rpartition(":")[2])
    with serving(*arguments, port=port):
        thread.join(60)
    assert seen[-1].state == "done"
    dones = [one.done for one in seen]
    assert dones == sorted(dones)
    with pytest.raises(InputError, match="no answer"):
        list(client.jobs.follow(job.job_id, patience_s=0.1))
    client.close()
