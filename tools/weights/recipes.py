"""How each shipped network is made: its source file, where its pixels enter, and its outputs.

What a spec says (size, colour, mean, std) is read from the spec.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tools.weights.heads import Head
from tools.weights.sources import AGE_GENDER, DLIB_MODELS, HUMAN, Package
from tools.weights.tfjs import Substitute
from tools.weights.tfjs.attention import attention_substitutes

_MESH = "StatefulPartitionedCall/model_1/"
_ATTENTION = "StatefulPartitionedCall/functional_1/"


@dataclass(frozen=True)
class Recipe:
    """One network. ``pixels`` is the tensor that holds the preprocessed picture in the source."""

    package: Package
    file: str
    heads: Mapping[str, Head]
    pixels: str = "input_1"
    substitutes: Callable[[], Mapping[str, Substitute]] = field(default=dict)

    @property
    def kind(self) -> str:
        """What the source file is: tfjs, dat or onnx."""
        return {"json": "tfjs"}.get(self.file.rpartition(".")[2], self.file.rpartition(".")[2])


def _attention_part(part: str, points: int) -> Head:
    return Head.of(f"{_ATTENTION}output_{part}/Reshape", points, 2)


def _faceres(file: str) -> Recipe:
    heads = {
        "embedding": Head.of("global_pooling/Mean", 1024),
        "age_probabilities": Head.of("age_pred/Softmax", 100),
        "gender": Head.of("gender_pred/Sigmoid"),
    }
    return Recipe(HUMAN, file, heads)


RECIPES: Mapping[str, Recipe] = {
    "blazeface.short": Recipe(
        HUMAN,
        "facemesh-detection-short.json",
        {"objects": Head.of("Identity", 896, 17)},
        pixels="input",
    ),
    "blazeface.full": Recipe(
        HUMAN,
        "facemesh-detection-full.json",
        # The file has a second head of the same shape, for whole persons.
        {"objects": Head.of("StatefulPartitionedCall/model/face/concat", 2304, 17)},
        pixels="input",
    ),
    "blazeface.back": Recipe(
        HUMAN,
        "blazeface-back.json",
        {"objects": Head((("Identity", "Identity_2"), ("Identity_1", "Identity_3")), (896, 17))},
        pixels="input",
    ),
    "facemesh.plain": Recipe(
        HUMAN,
        "facemesh.json",
        {
            "mesh": Head.of(f"{_MESH}conv2d_21/BiasAdd", 468, 3),
            "flag": Head.of(f"{_MESH}conv2d_31/BiasAdd"),
        },
    ),
    "facemesh.attention": Recipe(
        HUMAN,
        "facemesh-attention.json",
        {
            "mesh": Head.of(f"{_ATTENTION}output_mesh/BiasAdd", 468, 3),
            "lips": _attention_part("lips", 80),
            # The source names the eyes as they stand in the picture; ours are the subject's.
            "left_eye": _attention_part("right_eye", 71),
            "right_eye": _attention_part("left_eye", 71),
            "left_iris": _attention_part("right_iris", 5),
            "right_iris": _attention_part("left_iris", 5),
            "flag": Head.of(f"{_ATTENTION}conv_faceflag/BiasAdd"),
        },
        substitutes=attention_substitutes,
    ),
    "resnet29.dlib": Recipe(
        DLIB_MODELS,
        "dlib_face_recognition_resnet_model_v1.dat",
        {"embedding": Head.of("embedding", 128)},
    ),
    "resnet10.age": Recipe(
        AGE_GENDER,
        "age-v1.onnx",
        {"probabilities": Head.of("probabilities", 81)},
        pixels="images",
    ),
    "cnn.gender": Recipe(
        AGE_GENDER,
        "gender-v1.onnx",
        {"probabilities": Head.of("probabilities", 2)},
        pixels="images",
    ),
    "selfie.mediapipe": Recipe(HUMAN, "selfie.json", {"mask": Head.of("activation_10", 256, 256)}),
    "faceres.hse": _faceres("faceres.json"),
    "faceres.deep": _faceres("faceres-deep.json"),
    "mobileface.256": Recipe(
        HUMAN,
        "mobileface.json",
        {"embedding": Head.of("batchnorm0/add_1", 256)},
        pixels="mul",
    ),
    "emotion.fer": Recipe(HUMAN, "emotion.json", {"probabilities": Head.of("Identity", 7)}),
}
