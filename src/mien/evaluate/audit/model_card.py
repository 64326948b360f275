"""The model card: everything a ModelSpec states about a model, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mien.evaluate.audit.result import plain
from mien.models import ModelSpec
from mien.models.spec import listed
from mien.render.blocks import Block, Bullets, Heading, Paragraph, Rows

_USES = {
    "permissive": "may be used commercially under its licence",
    "research": "for research: its training data or licence exclude other uses",
    "unclear": "unclear: nobody says what the training data allow",
}


def model_card(spec: ModelSpec, *, level: int = 1) -> list[Block]:
    """Return the card of one model, from its spec; ``level`` of its first heading."""
    facts = {
        "task": spec.task,
        "model id": spec.model_id,
        "use": _USES[spec.use],
        "licence": spec.licence,
        "author": spec.author,
        "source": spec.source,
        "paper": spec.paper,
        "weights": f"{spec.weights.file}, {spec.weights.bytes:,} bytes",
        "sha256": spec.weights.sha256,
        "input": _input(spec),
        "output": "; ".join(f"{name}: {text}" for name, text in spec.outputs.items()),
    }
    blocks: list[Block] = [Heading(f"Model card: {spec.name}", level)]
    blocks += [Paragraph(spec.summary)] if spec.summary else []
    blocks.append(Rows(("", ""), tuple((name, text) for name, text in facts.items() if text)))
    blocks += [Heading("Training data", level + 1), Paragraph(f"{spec.training_data}.")]
    blocks.append(Paragraph(f"Terms: {spec.data_terms}."))
    blocks += [Heading("Measured", level + 1), _measured(spec.accuracy)]
    if spec.operating_points:
        blocks += [Heading("Operating points", level + 1), _points(spec)]
    blocks += [Heading("For whom it works less well", level + 1), _measured(spec.groups)]
    return blocks


def model_facts(spec: ModelSpec) -> dict[str, Any]:
    """Return everything a spec states, and its model id, as plain Python values for JSON."""
    facts: dict[str, Any] = plain(spec)
    # Where it is installed is no fact about the model.
    del facts["folder"]
    return {"schema_version": "1.0", "model_id": spec.model_id, **facts}


def _input(spec: ModelSpec) -> str:
    wanted = spec.preprocess
    width, height = wanted.size_wh
    aligned = f", aligned {wanted.alignment}" if wanted.alignment else ""
    return f"{width} x {height}, {wanted.colour}{aligned}"


def _measured(table: Mapping[str, Any]) -> Block:
    if not table:
        return Paragraph("Not measured yet.")
    return Bullets(tuple(listed(table)))


def _points(spec: ModelSpec) -> Block:
    points = [p for p in spec.operating_points if p.model_id == spec.model_id]
    chosen = points if points else list(spec.operating_points)
    return Rows(
        ("FMR", "threshold", "FMR interval", "measured on", "pairs", "model id"),
        tuple(
            (
                *(f"{p.target_fmr:g}", f"{p.threshold:.4f}"),
                "-" if p.fmr_low is None else f"{p.fmr_low:g} to {p.fmr_high:g}",
                *(p.measured_on, f"{p.n_pairs:,}", p.model_id),
            )
            for p in chosen
        ),
    )
