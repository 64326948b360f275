"""What the unified model learns from: chips, labels and teachers' outputs, in one folder."""

from mien.teach.sources import OWN, Source, source_of
from mien.teach.teaching import Taught, teach

__all__ = ["OWN", "Source", "Taught", "source_of", "teach"]
