"""The files in deploy/ agree with the command line, each other, and what the server needs.

No container engine is asked: that images build and clusters accept the objects is not tested here.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.main import get_command

from mien.apps.cli import app
from mien.apps.server.settings import Settings
from mien.apps.server.supervisor import _GRACE_S
from mien.gallery.milvus_server import TOKEN_VARIABLE, address_of
from tests.conftest import REPOSITORY
from tests.house.test_wheel import built
from tests.server.conftest import MIEN, mien

DEPLOY = REPOSITORY / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
COMPOSE = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(DEPLOY.glob("compose*.yaml"))
}
OBJECTS = {
    one["kind"]: one
    for one in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8"))
}
POD = OBJECTS["Deployment"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
(DEFAULT,) = re.findall(r"^CMD (\[.*\])$", CONTAINERFILE, re.M)
(UID,) = re.findall(r"--uid (\d+)", CONTAINERFILE)


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command line of mien in the files and in their comments."""
    yield "CMD", yaml.safe_load(DEFAULT)
    yield "kubernetes", CONTAINER["args"]
    for name, file in COMPOSE.items():
        if "command" in file["services"]["mien"]:
            yield name, file["services"]["mien"]["command"]
    for path in sorted(DEPLOY.iterdir()):
        for line in re.findall(r"^#.*?\bmien (keys create .*)$", path.read_text(), re.M):
            yield f"comment in {path.name}", shlex.split(line)


@pytest.mark.parametrize(("where", "words"), list(commands()), ids=lambda value: str(value)[:40])
def test_every_command_line_is_understood(where: str, words: list[str]) -> None:
    command: Any = get_command(app)
    words = list(words)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    # Raises for an option that is not there or a value that it does not take.
    command.make_context(where, words)


def options(words: list[str]) -> dict[str, str]:
    return {name: value for name, value in pairwise(words) if name[:2] == "--"}


def test_ports_agree() -> None:
    port = Settings().port
    assert f"EXPOSE {port}" in CONTAINERFILE
    assert f"127.0.0.1:{port}/v1/health" in CONTAINERFILE
    assert CONTAINER["ports"] == [{"containerPort": port, "name": "http"}]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert CONTAINER[probe]["httpGet"]["port"] == "http"
    assert OBJECTS["Service"]["spec"]["ports"][0]["targetPort"] == "http"
    for file in COMPOSE.values():
        # On this machine only: whoever wants more says so.
        assert file["services"]["mien"]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_nobody_is_root_and_the_root_is_read_only() -> None:
    assert f"USER {UID}" in CONTAINERFILE
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert str(POD["securityContext"]["runAsUser"]) == UID
    for container in (CONTAINER, *POD["initContainers"]):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    for file in COMPOSE.values():
        service = file["services"]["mien"]
        assert (service["read_only"], service["tmpfs"]) == (True, ["/tmp"])


def test_what_is_written_to_is_a_volume_of_the_servers_user() -> None:
    (owned,) = re.findall(r"chown mien (.*)$", CONTAINERFILE, re.M)
    for file in COMPOSE.values():
        service = file["services"]["mien"]
        words = service.get("command", yaml.safe_load(DEFAULT))
        mounts = [entry.split(":")[1] for entry in service["volumes"]]
        assert set(mounts) <= set(owned.split())
        _written_is_mounted(words, mounts)
        assert {entry.split(":")[0] for entry in service["volumes"]} <= set(file["volumes"])
    mounts = [mount["mountPath"] for mount in CONTAINER["volumeMounts"]]
    _written_is_mounted(CONTAINER["args"], mounts)
    named = {volume["name"] for volume in POD["volumes"]}
    for container in (CONTAINER, *POD["initContainers"]):
        assert {mount["name"] for mount in container["volumeMounts"]} <= named
    assert "/tmp" in mounts


def _written_is_mounted(words: list[str], mounts: list[str]) -> None:
    given = options(words)
    gallery = given["--gallery"]
    if gallery.startswith("milvus:"):
        assert address_of(gallery.removeprefix("milvus:"))[0].uri == "http://milvus:19530"
        assert given["--state"] in mounts
    else:
        assert str(Path(gallery).parent) in mounts


def test_objects_speak_of_the_same_pods() -> None:
    labels = OBJECTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert OBJECTS["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert OBJECTS["Service"]["spec"]["selector"] == labels
    assert OBJECTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    target = OBJECTS["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", "mien")
    replicas = OBJECTS["HorizontalPodAutoscaler"]["spec"]["minReplicas"]
    assert OBJECTS["PodDisruptionBudget"]["spec"]["minAvailable"] < replicas
    assert CONTAINER["env"][0]["name"] == TOKEN_VARIABLE


def test_there_is_time_to_drain() -> None:
    drain_s = Settings().drain_s + _GRACE_S
    pause_s = float(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["terminationGracePeriodSeconds"] > drain_s + pause_s
    for file in COMPOSE.values():
        assert float(file["services"]["mien"]["stop_grace_period"].rstrip("s")) > drain_s


def test_milvus_is_configured_by_files_that_are_there() -> None:
    milvus = COMPOSE["compose.milvus.yaml"]["services"]["milvus"]
    source, target, mode = milvus["volumes"][1].split(":")
    assert (DEPLOY / source).is_file()
    assert (target, mode) == (milvus["environment"]["ETCD_CONFIG_PATH"], "ro")
    assert yaml.safe_load((DEPLOY / source).read_text())["auto-compaction-mode"] == "revision"


def test_what_is_copied_is_there_and_extras_exist() -> None:
    (copied,) = re.findall(r"^COPY (?!--from|src)(.*) \./$", CONTAINERFILE, re.M)
    for name in copied.split():
        assert (REPOSITORY / name).is_file(), name
    (extras,) = re.findall(r'"\.\[(.*)\]"', CONTAINERFILE)
    known = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    for extra in extras.split(","):
        assert re.search(rf"^{extra} = \[", known, re.M), extra


@pytest.mark.slow
def test_what_is_copied_is_enough_to_build(tmp_path: Path) -> None:
    (copied,) = re.findall(r"^COPY (?!--from|src)(.*) \./$", CONTAINERFILE, re.M)
    source = tmp_path / "source"
    shutil.copytree(
        REPOSITORY / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in copied.split():
        shutil.copy(REPOSITORY / name, source)
    with built(source, tmp_path) as wheel:
        names = wheel.namelist()
    assert "mien/apps/server/page/index.html" in names
    assert any(name.endswith("entry_points.txt") for name in names)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_keys_from_a_secret_are_enough(tmp_path: Path, portrait_jpeg: bytes) -> None:
    """The steps of the Kubernetes example, in folders: keys made here, copied, served, ended."""
    made = mien("keys", "create", "me", "--scopes", "analyse", "--state", str(tmp_path / "keys"))
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["server.sqlite"]
    (tmp_path / "state").mkdir()
    subprocess.run(["cp", tmp_path / "keys" / "server.sqlite", tmp_path / "state"], check=True)
    process = subprocess.Popen(
        [*MIEN, "serve", "--host", "0.0.0.0", "--port", "18437", "--state", tmp_path / "state"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    key = {"Authorization": f"Bearer {made.stdout.strip()}"}
    until = time.monotonic() + 60
    with httpx.Client(base_url="http://127.0.0.1:18437", trust_env=False, timeout=60) as client:
        while True:
            try:
                if client.get("/v1/ready").status_code == 200:
                    break
            except httpx.TransportError:
                assert time.monotonic() < until
                time.sleep(0.1)
        picture = {"image": portrait_jpeg}
        assert client.post("/v1/detect", files=picture).status_code == 401
        assert client.post("/v1/detect", files=picture, headers=key).status_code == 200
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert "Traceback" not in said
