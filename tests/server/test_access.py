"""No key reads or erases beyond its scope; nobody else's page and no other name gets in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mien.apps.server.keys import SCOPES, Keys
from tests.server.conftest import Running, mien, serving

#: Every route with the scope it needs; a test checks that none is missing.
NEEDS = {
    ("POST", "/v1/analyze"): "analyse",
    ("POST", "/v1/detect"): "analyse",
    ("POST", "/v1/embed"): "analyse",
    ("POST", "/v1/verify"): "analyse",
    ("POST", "/v1/explain"): "analyse",
    ("POST", "/analyze"): "analyse",
    ("POST", "/represent"): "analyse",
    ("POST", "/verify"): "analyse",
    ("GET", "/v1/models"): "analyse",
    ("POST", "/v1/search"): "search",
    ("POST", "/v1/identify"): "search",
    ("GET", "/v1/subjects"): "search",
    ("GET", "/v1/subjects/{subject_id}"): "search",
    ("POST", "/v1/subjects"): "enrol",
    ("PATCH", "/v1/subjects/{subject_id}"): "enrol",
    ("DELETE", "/v1/subjects/{subject_id}"): "erase",
    ("DELETE", "/v1/references/{reference_id}"): "erase",
    ("GET", "/v1/audit"): "admin",
    ("GET", "/metrics"): "admin",
    ("GET", "/v1/health"): None,
    ("GET", "/v1/ready"): None,
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, dict[str, str]]]:
    """A server with one key for each scope."""
    gallery = tmp_path_factory.mktemp("guarded") / "gallery"
    keys = {}
    for scope in SCOPES:
        made = mien("keys", "create", f"{scope} only", "--scopes", scope, "--gallery", str(gallery))
        assert made.returncode == 0, made.stderr
        keys[scope] = made.stdout.strip()
    with serving(gallery) as running:
        yield running, keys


def test_every_route_is_in_the_table(guarded: tuple[Running, dict[str, str]]) -> None:
    with guarded[0].client() as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert {(m.upper(), path) for path, methods in paths.items() for m in methods} == set(NEEDS)


@pytest.mark.parametrize(("route", "needed"), NEEDS.items(), ids=lambda value: str(value))
def test_only_the_right_scope_gets_in(
    route: tuple[str, str], needed: str | None, guarded: tuple[Running, dict[str, str]]
) -> None:
    running, keys = guarded
    method, path = route
    path = path.format(subject_id=987654, reference_id=987654)
    for scope in (None, *SCOPES):
        with running.client(keys[scope] if scope else None) as client:
            status = client.request(method, path).status_code
        if needed is None:
            assert status == 200
        elif scope is None:
            assert status == 401
        elif scope != needed:
            assert status == 403, scope
        else:
            assert status in (200, 404, 422), scope


@pytest.mark.parametrize(
    "header",
    [
        "Bearer mien_00000000_wrong",
        "Bearer",
        "Bearer mien__",
        "Basic dXNlcjpwYXNz",
        "Bearer \xff\xfe",
        "Bearer " + "x" * 5000,
    ],
)
def test_wrong_keys_are_refused(header: str, guarded: tuple[Running, dict[str, str]]) -> None:
    with guarded[0].client() as client:
        answer = client.get("/v1/models", headers={b"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "unauthorized"


def test_a_revoked_key_is_useless_at_once(guarded: tuple[Running, dict[str, str]]) -> None:
    running, _ = guarded
    place = ("--gallery", str(running.gallery))
    key = mien("keys", "create", "short", *place).stdout.strip()
    with running.client(key) as client:
        assert client.get("/v1/models").status_code == 200
        listed = mien("keys", "list", *place).stdout
        key_id = key.split("_")[1]
        assert f"{key_id}  short  analyse" in listed
        assert key.split("_", 2)[2] not in listed
        assert mien("keys", "revoke", key_id, *place).returncode == 0
        assert client.get("/v1/models").status_code == 401


def test_secrets_are_not_stored(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    key = keys.create("x", ["admin"])
    keys.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.split("_", 2)[2].encode() not in stored


def test_a_key_has_so_many_requests_a_minute(guarded: tuple[Running, dict[str, str]]) -> None:
    running, _ = guarded
    place = ("--gallery", str(running.gallery))
    key = mien("keys", "create", "slow", "--per-minute", "3", *place).stdout.strip()
    with running.client(key) as client:
        answers = [client.get("/v1/models") for _ in range(8)]
    # The minute may turn once meanwhile.
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 2
    assert refused[0].json()["error"]["code"] == "rate_limited"
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60


def test_pages_of_other_sites_and_other_names_are_refused(client: httpx.Client) -> None:
    foreign = client.get("/v1/models", headers={"Origin": "https://elsewhere.example"})
    assert (foreign.status_code, foreign.json()["error"]["code"]) == (403, "cross_origin")
    own = client.get("/v1/models", headers={"Origin": str(client.base_url).rstrip("/")})
    assert own.status_code == 200
    rebound = client.get("/v1/models", headers={"Host": "elsewhere.example"})
    assert rebound.status_code == 422


def test_binding_wider_needs_a_key(tmp_path: Path) -> None:
    refused = mien("serve", "--host", "0.0.0.0", "--gallery", str(tmp_path / "gallery"))
    assert refused.returncode != 0
    assert "mien keys create" in refused.stderr
