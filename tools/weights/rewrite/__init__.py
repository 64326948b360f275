"""Graph rewrites that keep the mathematics and make ONNX Runtime faster."""

from tools.weights.graph import Graph
from tools.weights.rewrite.affine import fold_affine
from tools.weights.rewrite.channels import pad_channels
from tools.weights.rewrite.clip import merge_clips
from tools.weights.rewrite.constants import fold_constants
from tools.weights.rewrite.pads import merge_pads
from tools.weights.rewrite.prelu import find_prelus, split_prelus

__all__ = [
    "find_prelus",
    "fold_affine",
    "fold_constants",
    "merge_clips",
    "merge_pads",
    "pad_channels",
    "rewrite",
    "split_prelus",
]


#: Each makes room for the next.
STEPS = (
    fold_constants,
    merge_pads,
    fold_affine,
    find_prelus,
    merge_clips,
    split_prelus,
    pad_channels,
)


def rewrite(graph: Graph) -> None:
    """Apply every rewrite."""
    for step in STEPS:
        step(graph)
        graph.sweep()
