"""Real output keeps to the published schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "schema" / "analyze.json").read_text("utf-8")
)
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "null": (type(None),),
}
KNOWN = {
    *("$schema", "$ref", "$defs", "title", "description", "type", "enum", "oneOf", "pattern"),
    *("minimum", "maximum", "minItems", "maxItems", "items", "required", "properties"),
    "additionalProperties",
}


def check(value: Any, schema: dict[str, Any], where: str = "") -> None:
    """The few words of JSON Schema that ours uses; an unknown one fails."""
    assert set(schema) <= KNOWN, where
    if "$ref" in schema:
        check(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], where)
    if "oneOf" in schema:
        check(value, schema["oneOf"][value is not None], where)
    if "enum" in schema:
        assert value in schema["enum"], where
    if "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        assert isinstance(value, tuple(kind for name in names for kind in TYPES[name])), where
    if isinstance(value, str):
        assert re.search(schema.get("pattern", ""), value), where
    if isinstance(value, int | float):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value), where
    if isinstance(value, list):
        assert schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)), where
        for index, item in enumerate(value):
            check(item, schema.get("items", {}), f"{where}[{index}]")
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value), where
        for name, item in value.items():
            other = schema.get("additionalProperties", {})
            check(item, schema.get("properties", {}).get(name, other), f"{where}.{name}")


def test_output_keeps_to_the_schema(run_mien, pictures):
    done = run_mien("analyze", pictures, "--landmarks", "all")
    document = json.loads(done.stdout)
    check(document, SCHEMA)
    assert sum(len(image["faces"]) for image in document["images"]) == 2


@pytest.mark.parametrize("wrong", [{}, {"schema_version": 1}, []])
def test_the_checks_do_check(wrong):
    with pytest.raises(AssertionError):
        check(wrong, SCHEMA)
