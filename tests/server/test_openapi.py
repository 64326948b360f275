"""The OpenAPI document is the committed one, and the server keeps to it whatever is sent."""

from __future__ import annotations

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.server.conftest import Running
from tools import openapi

CHECKS = (
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
DOCUMENT = json.loads(openapi.document())
schema = schemathesis.openapi.from_dict(DOCUMENT)


def test_the_committed_document_is_current() -> None:
    assert openapi.TARGET.read_text(encoding="utf-8") == openapi.document(), (
        "docs/openapi.json: run python -m tools.openapi, and say in the changelog what changed"
    )


def examples_in(content: dict) -> list:
    """The examples of one media type, however they are given."""
    several = [one["value"] for one in content.get("examples", {}).values()]
    return [content["example"], *several] if "example" in content else several


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods],
)
def test_every_operation_has_examples_that_are_valid(method: str, path: str) -> None:
    operation = DOCUMENT["paths"][path][method]
    contents = list(operation.get("requestBody", {}).get("content", {}).values())
    for status, answer in operation["responses"].items():
        contents += list(answer["content"].values()) if status < "300" else []
    assert contents
    for content in contents:
        found = examples_in(content)
        assert found, content
        shape = content["schema"] | {"components": DOCUMENT["components"]}
        for example in found:
            Draft202012Validator(shape).validate(example)
    for parameter in operation.get("parameters", ()):
        if parameter["required"]:
            Draft202012Validator(parameter["schema"]).validate(parameter["example"])


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=25,
    suppress_health_check=list(HealthCheck),
    deadline=None,
    derandomize=True,
)
def test_answers_keep_to_the_document(case: schemathesis.Case, server: Running) -> None:
    case.call_and_validate(base_url=server.url, checks=CHECKS)
