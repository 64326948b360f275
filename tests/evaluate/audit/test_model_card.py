"""Model cards state what the spec states, for every installed model."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from mien.evaluate.audit.model_card import model_card, model_facts
from mien.models import list_specs
from mien.render.blocks import to_markdown


@pytest.mark.parametrize("spec", list_specs(), ids=lambda spec: spec.name)
def test_every_fact_of_the_spec_is_there(spec) -> None:
    card = to_markdown(model_card(spec))
    for fact in (spec.name, spec.task, spec.model_id, spec.licence, spec.source, spec.data_terms):
        assert " ".join(fact.split()) in card.replace("\\|", "|")
    assert to_markdown(model_card(spec)) == card
    facts = json.loads(json.dumps(model_facts(spec), allow_nan=False))
    assert facts["weights"]["sha256"] == spec.weights.sha256
    assert facts["operating_points"] == [asdict(point) for point in spec.operating_points]


def test_what_was_not_measured_is_said() -> None:
    spec = replace(list_specs()[0], accuracy={}, groups={})
    assert to_markdown(model_card(spec)).count("Not measured yet.") == 2
    known = replace(spec, groups={"worst": "asian: 12 %", "report": "x.md"})
    assert "- worst: asian: 12 %" in to_markdown(model_card(known))
