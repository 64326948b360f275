"""Rebuild the model zoo: fetch, convert, rewrite, verify against the originals, stamp the specs."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.weights import verify
from tools.weights.build import build
from tools.weights.notice import NOTICE, notice_text
from tools.weights.recipes import RECIPES
from tools.weights.references import run_original
from tools.weights.sources import Cache
from tools.weights.spec_file import ROOT, ZOOS, find_spec, read_preprocess, read_table, stamp
from tools.weights.speed import BATCHES, ms_per_face


def rebuild(name: str, cache: Cache) -> None:
    """Rebuild one model and print its verification; raise where it differs from the original."""
    recipe, spec = RECIPES[name], find_spec(name)
    preprocess = read_preprocess(spec)
    source = cache.models(recipe.package) / recipe.file
    graph = build(name, recipe, source, preprocess)
    width, height = preprocess.size_wh
    images = verify.pictures((int(width), int(height)))
    original = run_original(recipe, source, preprocess, images, cache)
    exact = verify.differences(verify.run(graph, images), original)
    halved, kept = verify.halve(graph, images)
    shipped = verify.differences(verify.run(halved, images), original)
    print(f"{name}: {len(kept)} constants stay float32")
    for output in original:
        print(f"  {output:18} rewritten {exact[output]:.1e}   shipped {shipped[output]:.1e}")
    _require(name, exact, verify.REWRITE_TOLERANCE)
    _require(name, shipped, verify.SHIPPED_TOLERANCE)
    weights = halved.to_model().SerializeToString(deterministic=True)
    spec.with_suffix(".onnx").write_bytes(weights)
    stamp(spec, weights)
    print(f"  {len(weights):,} bytes")


def _require(name: str, found: dict[str, float], tolerance: float) -> None:
    worst = max(found, key=lambda output: found[output])
    if not found[worst] <= tolerance:  # also catches NaN
        raise SystemExit(f"{name}: {worst} differs by {found[worst]:.1e}, allowed {tolerance:.0e}")


def print_speed() -> None:
    """Print milliseconds a face of every model, one thread."""
    for path in sorted(path for zoo in ZOOS for path in zoo.glob("*.onnx")):
        if not read_table(path.with_suffix(".toml"))["preprocess"].get("in_graph"):
            continue  # takes features, not pictures
        times = "  ".join(f"b{batch} {ms_per_face(path, batch):6.2f}" for batch in BATCHES)
        print(f"{path.stem:20} {times}")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.weights", description=__doc__)
    parser.add_argument("names", nargs="*", help="models to rebuild; all when none is given")
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "weights")
    parser.add_argument("--notice", action="store_true", help="only write NOTICE from the specs")
    parser.add_argument("--speed", action="store_true", help="only time the networks")
    arguments = parser.parse_args()
    if arguments.speed:
        print_speed()
        return
    if not arguments.notice:
        for name in arguments.names or RECIPES:
            rebuild(name, Cache(arguments.cache))
    NOTICE.write_text(notice_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
