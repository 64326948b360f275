"""Seven expressions from grey faces of 48 px, on the network of faceres begun as shipped."""

from mien.train.recipe import Recipe
from mien.train.registry import part

RECIPE = Recipe(
    name="mobilenet27.expression",
    task="expression",
    source=part(
        "pictures",
        dataset="fer2013",
        folder="fer2013",
        split="train",
        label="expression",
        size_wh=(48, 48),
        colour="grey",
    ),
    classes=("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"),
    backbone=part("faceres", size_px=128, frozen=7),
    head=part("classes", dropout=0.4),
    loss=part("cross_entropy", smoothing=0.1),
    augmentations=(
        part("warp", flip=0.5, turn_rad=0.26, scale=0.15, shift=0.1),
        part("light", contrast=0.3, brightness=0.1),
        part("erase", probability=0.3, side=0.4),
    ),
    epochs=16,
    batch=64,
    learning_rate=1e-3,
    weight_decay=0.05,
    ema=0.998,
    card={
        "summary": "Seven expressions, a MobileNet that knew faces trained on with FER2013",
        "author": "the mien founders",
        "source": "mien train expression-fer2013",
        "alignment": "box48",
        "training_data": "FER2013, its training part; weights began as faceres.hse's (VGGFace2)",
        "data_terms": "FER2013: images found on the web for a Kaggle challenge; "
        "rights of the images unknown; VGGFace2 is offered for non-commercial research",
        "licence": "research use only, as the pictures it was trained on (FER2013, VGGFace2)",
        "not_for": "Telling what a person feels, judging a person, or any decision about one.",
    },
)
