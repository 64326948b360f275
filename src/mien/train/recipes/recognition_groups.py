"""A linear map of the shipped recogniser's templates: fewer false matches within groups.

Its rows are written by ``python -m tools.heads.recognition``; run it with --data .cache/heads.
"""

from mien.train.recipe import Recipe
from mien.train.registry import part

RECIPE = Recipe(
    name="resnet29.groups",
    task="embed",
    source=part("rows", file="recognition.npz"),
    backbone=part("none"),
    head=part("embedding", dimension=128, blend=0.45),
    loss=part("group_margins"),
    sampler=part("balanced", each=16),
    hold_out=0.2,
    epochs=60,
    batch=1024,
    learning_rate=2e-3,
    weight_decay=0.0,
    ema=0.98,
    validate_every_epochs=10,
    after="resnet29.dlib",
    card={
        "summary": "dlib's recogniser with a linear map that parts strangers of one group",
        "author": "the mien founders",
        "source": "mien train recognition-groups",
        "alignment": "dlib150",
        "training_data": "Weights of resnet29.dlib; the map: CelebA, 2,142 pictures of people with "
        "even ids, once more degraded, and UTKFace, 12,000 chips of strangers by age and ancestry",
        "data_terms": "CelebA and UTKFace are offered for non-commercial research",
        "licence": "research use only, as the pictures it was trained on (CelebA, UTKFace)",
        "not_for": "Decisions about children: no mated pair of children was there to learn from or "
        "to measure on.",
    },
)
