"""Every kind of job keeps the contract of kinds; a new one is tested without another line here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from mien.apps.server.jobs.folders import Roots
from mien.apps.server.jobs.kind import Kind, known_kinds
from mien.apps.server.keys import SCOPES
from mien.errors import InputError

KINDS = known_kinds()


def test_the_kinds_are_known_by_name() -> None:
    assert {"analyze", "enrol", "cluster", "video"} <= set(KINDS)
    assert list(KINDS) == sorted(KINDS)
    assert all(kind.name == name for name, kind in KINDS.items())


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
class TestContract:
    def test_scope_and_docs(self, kind: Kind) -> None:
        assert kind.scope in SCOPES
        assert isinstance(kind.needs_gallery, bool)
        assert type(kind).__doc__
        assert type(kind).__doc__.startswith("Results: ")

    def test_the_example_is_valid_and_survives_storage(self, kind: Kind) -> None:
        schema = kind.options.model_json_schema()
        for example in schema["examples"]:
            assert example["kind"] == kind.name
            options = kind.options.model_validate(example)
            stored = json.loads(json.dumps(options.model_dump(mode="json")))
            assert kind.options.model_validate(stored) == options

    def test_the_kind_is_part_of_the_body_and_nothing_unknown_is(self, kind: Kind) -> None:
        schema = kind.options.model_json_schema()
        assert schema["properties"]["kind"]["const"] == kind.name
        assert schema["additionalProperties"] is False
        (example,) = schema["examples"]
        for wrong in ({"kind": "other"}, {"unknown": 1}):
            with pytest.raises(ValidationError):
                kind.options.model_validate(example | wrong)

    def test_the_title_needs_allowed_folders(self, kind: Kind, tmp_path: Path) -> None:
        (example,) = kind.options.model_json_schema()["examples"]
        options = kind.options.model_validate(example)
        if "file" in example:
            (tmp_path / example["file"]).parent.mkdir(parents=True)
            (tmp_path / example["file"]).touch()
        elif "folder" in example:
            (tmp_path / example["folder"]).mkdir(parents=True)
        else:
            assert kind.title(options, Roots([]))
            return
        where = example["file"] if "file" in example else example["folder"]
        assert where in kind.title(options, Roots([tmp_path]))
        with pytest.raises(InputError, match="jobs-root"):
            kind.title(options, Roots([]))
