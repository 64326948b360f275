"""Examples for the OpenAPI document: a request and an answer of every operation.

They stand in examples.json, by method and path: answers of a real server, vectors shortened.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI

_FILE = Path(__file__).with_suffix(".json")
_PICTURES = ("image", "probe", "reference", "img", "img1", "img2")
_PARAMETERS = {"subject_id": 1, "reference_id": 1, "job_id": "bcdcb03e3693e7ef"}


class Documented(FastAPI):
    """An application whose document has the examples."""

    def openapi(self) -> dict[str, Any]:
        """Return the document."""
        if self.openapi_schema is None:
            add_examples(super().openapi())
        assert self.openapi_schema is not None
        return self.openapi_schema


def add_examples(document: dict[str, Any]) -> None:
    """Put the examples into a document; an operation without one is left as it is."""
    examples = json.loads(_FILE.read_text(encoding="utf-8"))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _exemplify(operation, examples.get(f"{method.upper()} {path}", {}))


def _exemplify(operation: dict[str, Any], example: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in _PARAMETERS:
            value = _PARAMETERS[parameter["name"]]
            several = parameter["schema"].get("type") == "array"
            parameter["example"] = [value] if several else value
    if "request" in example:
        for kind, content in operation["requestBody"]["content"].items():
            if "examples" not in content:
                content["example"] = _body(kind, example["request"])
    if "response" in example:
        for status, answer in operation["responses"].items():
            for content in answer.get("content", {}).values() if status < "300" else ():
                content["example"] = example["response"]


def _body(kind: str, request: dict[str, Any]) -> dict[str, Any]:
    if kind != "multipart/form-data":
        return request
    return {k: "the bytes of a file" if k in _PICTURES else v for k, v in request.items()}
