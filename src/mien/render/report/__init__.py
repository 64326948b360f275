"""The HTML report: one self-contained file to look at."""

from mien.render.report.writer import Report, face_outlines

__all__ = ["Report", "face_outlines"]
