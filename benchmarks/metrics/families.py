"""The oracles of every family: one file a family, found by its name here."""

from __future__ import annotations

from importlib import import_module

from benchmarks.metrics.oracle import Oracle

#: Module and title, in the order of the table.
FAMILIES = {
    "verification": "Verification",
    "identification": "Identification",
    "detection": "Detection",
    "likelihood": "Calibration and intervals",
    "audits": "Groups, power, multiplicity, paired tests",
    "errors": "Landmarks, pose, gaze, age, error versus discard",
    "classes": "Classes, labels, agreement",
    "pictures": "Segmentation and pictures",
    "clusters": "Clustering",
    "tracks": "Tracks over time",
    "attacks": "Presentation attacks and forgeries",
}


def oracles(family: str) -> list[Oracle]:
    """Import one family and return its list."""
    found: list[Oracle] = import_module(f"benchmarks.metrics.{family}").ORACLES
    return found
