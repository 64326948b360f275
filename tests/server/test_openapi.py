"""The OpenAPI document is the committed one, and the server keeps to it whatever is sent."""

from __future__ import annotations

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
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
schema = schemathesis.openapi.from_dict(json.loads(openapi.document()))


def test_the_committed_document_is_current() -> None:
    assert openapi.TARGET.read_text(encoding="utf-8") == openapi.document(), (
        "docs/openapi.json: run python -m tools.openapi, and say in the changelog what changed"
    )


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
