"""Render: pictures with what was found, crops, tables and the HTML report."""

from mien.render.crops import crops
from mien.render.draw import draw
from mien.render.report import Report
from mien.render.table import to_pandas

__all__ = ["Report", "crops", "draw", "to_pandas"]
