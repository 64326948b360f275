"""Galleries: enrolled templates, found again, and erased for good."""

from mien.gallery.open import open_gallery
from mien.gallery.protocol import Gallery, Policy
from mien.gallery.records import (
    AuditEntry,
    Consent,
    Copy,
    Count,
    Enrolment,
    Erased,
    Lookalike,
    Migrated,
    Origin,
    Outcome,
    Reference,
    Subject,
    Verification,
)

__all__ = [
    "AuditEntry",
    "Consent",
    "Copy",
    "Count",
    "Enrolment",
    "Erased",
    "Gallery",
    "Lookalike",
    "Migrated",
    "Origin",
    "Outcome",
    "Policy",
    "Reference",
    "Subject",
    "Verification",
    "open_gallery",
]
