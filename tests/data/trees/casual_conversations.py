"""One person with everything, in the dark and not; one who did not say."""

from __future__ import annotations

import json
from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

TABLE = "CasualConversations.json"
EXPECTED = Expected(
    ("CasualConversationsA/1140/1140_02.MP4", "1141/1141_00.MP4", "1141/1141_01.MP4"),
    first_subject="1140",
    first_labels={
        "apparent_age": 31.0,
        "apparent_gender": "female",
        "skin_tone": "fitzpatrick_3",
        "dark": 1.0,
    },
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    said = {
        "1140": {
            "files": ["1140_02.MP4"],
            "dark_files": ["1140_02.MP4"],
            "label": {"age": "31", "gender": "Female", "skin-type": "3"},
        },
        "1141": {
            "files": ["1141/1141_00.MP4", "1141_01.MP4"],
            "dark_files": [],
            "label": {"age": "N/A", "gender": "Other", "skin-type": "1"},
        },
    }
    text(root / TABLE, json.dumps(said))


BROKEN = (
    (removed("1141/1141_01.MP4"), "Conversations.json: subject 1141 names 1141_01.MP4"),
    (replaced(TABLE, '"31"', '"old"'), "Conversations.json: subject 1140: ValueError"),
    (replaced(TABLE, '"label"', '"labels"'), "Conversations.json: subject 1140: KeyError"),
)
