"""Everything of a face in one forward run: the recogniser as shipped, and a path beside it."""

from mien.train.recipe import Recipe
from mien.train.registry import part
from mien.train.taught import MIRRORED

RECIPE = Recipe(
    name="mien-unified.s",
    task="unified",
    # mien teach writes the folder.
    source=part("chips", folder="mien-unified"),
    backbone=part("dlib_branched"),
    head=part("two_way"),
    tasks=(
        part("points"),
        part("pose"),
        part("regions"),
        part("age"),
        part("gender"),
        part("ancestry"),
        part("expression"),
        part("recognisability"),
        part("embedding", taught=False),
    ),
    # fer2013, utkface, celeba, ytf68
    sampler=part("mixed", shares=(0.46, 0.32, 0.06, 0.16), paces=0),
    augmentations=(
        part("warp", flip=0.5, turn_rad=0.15, scale=0.1, shift=0.05, swap=MIRRORED),
        part("light", contrast=0.3, brightness=0.1),
        part("erase", probability=0.2, side=0.3),
    ),
    epochs=6,
    batch=64,
    learning_rate=1e-3,
    backbone_rate=1.5,
    weight_decay=0.05,
    ema=0.998,
    card={
        "summary": "68 points, pose, regions, apparent age, gender and ancestry, expression, "
        "recognisability and a template from one forward run",
        "author": "the mien founders",
        "source": "mien train mien-unified-s",
        "alignment": "dlib112",
        "training_data": "UTKFace, FER2013, CelebA identities, YouTube Faces frames: the parts "
        "that may be fitted on; outputs of mien's separate networks; resnet29.dlib's weights are "
        "in it",
        "data_terms": "research use only: UTKFace and CelebA non-commercial, FER2013 unknown",
        "licence": "research use only, as the pictures it was trained on",
        "paper": "P23",
        "not_for": "Any decision about a person. Age, gender, ancestry and expression are how the "
        "model reads a picture. Its template is resnet29.dlib's of a coarser chip, without the "
        "mirror image: the task embed makes the better one, and has operating points.",
    },
)
