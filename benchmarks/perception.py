"""Perception beside its peers: one run, same pictures, same cores, interleaved rounds.

`python -m benchmarks.perception --data ../shared/data` from the root of the repository.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import lfw, process, report
from benchmarks.comparison import Comparison, Group, run_group
from benchmarks.install import PeerUnavailableError, node_peer, python_peer
from benchmarks.side import Side, Worker, WorkerError

PEERS = Path(__file__).parent / "peers"
RECOGNISE = {"tasks": ["detect", "landmarks", "embed"]}
FULL: dict[str, Any] = {}  # what `mien analyze` does unless told
ONE_PASS = {"tasks": ["detect", "landmarks"], "detector": "blazeface.short", "max_faces": 1}
BIG_PHOTO = Path("compreface_samples/004_A.jpg")
PICTURES_FOR_MEMORY = 2000


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.perception", description=__doc__)
    data = Path(os.environ.get("MIEN_DATA", "../shared/data"))
    parser.add_argument(
        "--data", type=Path, default=data, help="folder that holds lfw/ (read only)"
    )
    parser.add_argument("--images", type=int, default=200, help="LFW pictures a round")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds")
    parser.add_argument("--threads", type=int, default=1, help="cores and threads of every side")
    parser.add_argument(
        "--cache", type=Path, default=Path(".bench"), help="the peers' environments"
    )
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--only", default="abcdef", help="parts to run, of a b c d e f")
    parser.add_argument(
        "--accuracy", action="store_true", help="measure LFW accuracy again (about ten minutes)"
    )
    return parser.parse_args(words)


def mien_side(title: str, options: dict[str, Any]) -> Side:
    """Describe mien with these options, in this Python."""
    return Side(title, [sys.executable, str(PEERS / "peer_mien.py")], options)


def limit_side(title: str, options: dict[str, Any]) -> Side:
    """Describe decoding and bare networks of mien with these options."""
    return Side(title, [sys.executable, str(PEERS / "peer_limit.py")], options)


def python_side(title: str, peer: str, cache: Path, options: dict[str, Any] | None = None) -> Side:
    """Describe a Python peer, installed now if it is not yet."""
    try:
        command = [*python_peer(peer, cache), str(PEERS / f"peer_{peer}.py")]
    except PeerUnavailableError as error:
        return Side(title, [], unavailable=str(error))
    return Side(title, command, {} if options is None else options, home=cache / peer)


def human_side(cache: Path) -> Side:
    """Describe human on Node, installed now if it is not yet."""
    title = "human, all face modules"
    try:
        node, home = node_peer("human", cache)
    except PeerUnavailableError as error:
        return Side(title, [], unavailable=str(error))
    return Side(title, [node, str(PEERS / "peer_human.mjs"), home], home=Path(home))


def against_face_recognition(options: argparse.Namespace) -> Group:
    """(a): detect and embed, in the configurations whose accuracy is reported."""
    peer = python_side("face_recognition detect + embed", "face_recognition", options.cache)
    default = mien_side("mien detect + embed", RECOGNISE)
    unmirrored = mien_side("mien detect + embed, not mirrored", RECOGNISE | {"mirror": False})
    promised = [
        Comparison(peer.title, default.title, at_least=7),
        Comparison(peer.title, unmirrored.title, at_least=10),
    ]
    title = "Detect and embed, against face_recognition"
    return Group("a", title, [peer, default, unmirrored], promised)


def against_mediapipe(options: argparse.Namespace) -> Group:
    """(b): detect and mesh in one pass, plain and refined."""
    plain_peer = python_side("FaceMesh", "mediapipe", options.cache, {"refine": False})
    refined_peer = python_side("FaceMesh, refined", "mediapipe", options.cache, {"refine": True})
    plain = mien_side("mien one pass, plain mesh", ONE_PASS | {"mesh": "facemesh.plain"})
    refined = mien_side("mien one pass, attention mesh", ONE_PASS | {"mesh": "facemesh.attention"})
    promised = [
        Comparison(plain_peer.title, plain.title, at_least=1.0),
        Comparison(refined_peer.title, refined.title, at_least=0.9),
    ]
    title = "Detect and mesh in one pass, against MediaPipe FaceMesh on static images"
    return Group("b", title, [plain_peer, plain, refined_peer, refined], promised)


def against_human(options: argparse.Namespace) -> Group:
    """(c): everything about a face."""
    peer, full = human_side(options.cache), mien_side("mien full", FULL)
    promised = [Comparison(peer.title, full.title, at_least=5)]
    return Group("c", "Everything about a face, against human on Node", [peer, full], promised)


def against_the_limit(_options: argparse.Namespace) -> Group:
    """(d): end to end against decoding and bare networks."""
    sides, promised = [], []
    for name, tasks in {"detect + embed": RECOGNISE, "full": FULL}.items():
        ours, limit = mien_side(f"mien {name}", tasks), limit_side(f"limit of {name}", tasks)
        sides += [ours, limit]
        promised.append(Comparison(ours.title, limit.title, at_most=1.25))
    title = "Against the limit: JPEG decode and bare networks on the same crops and batches"
    return Group("d", title, sides, promised)


def on_a_large_photo(options: argparse.Namespace) -> Group:
    """(f): one 12-megapixel photo, for the time and the memory that it takes."""
    sides = [
        python_side("face_recognition detect + embed", "face_recognition", options.cache),
        python_side("FaceMesh, refined", "mediapipe", options.cache, {"refine": True}),
        human_side(options.cache),
        mien_side("mien full", FULL),
    ]
    return Group("f", "One 12-megapixel photo", sides, [], options.data / BIG_PHOTO)


GROUPS: dict[str, Callable[[argparse.Namespace], Group]] = {
    "a": against_face_recognition,
    "b": against_mediapipe,
    "c": against_human,
    "d": against_the_limit,
    "f": on_a_large_photo,
}


def accuracy(options: argparse.Namespace, pairs: lfw.Pairs) -> dict[str, Any]:
    """LFW accuracy of each side of group (a): its own detector, an undetected face is wrong."""
    results: dict[str, Any] = {}
    for side in against_face_recognition(options).sides:
        try:
            results[side.title] = asdict(lfw.accuracy_of(templates_of(side, pairs, options), pairs))
        except (WorkerError, PeerUnavailableError) as error:
            results[side.title] = {"missing": str(error)}
    return results


def templates_of(side: Side, pairs: lfw.Pairs, options: argparse.Namespace) -> Path:
    """File of the templates of every picture; a peer's is made once for its pinned version."""
    if side.unavailable is not None:
        raise PeerUnavailableError(side.unavailable)
    out = (options.cache / "mien" if side.home is None else side.home).resolve() / "lfw.npz"
    if side.home is not None and out.is_file():
        return out
    report.say(f"templates of all LFW pictures: {side.title}")
    out.parent.mkdir(parents=True, exist_ok=True)
    pictures = pairs.pictures(options.data / "lfw")
    log = options.cache / "logs" / "templates.log"
    worker = Worker(side, pictures, threads=options.threads, log=log)
    worker.ask({"do": "templates", "out": str(out)})
    worker.quit()
    return out


def fresh_processes(options: argparse.Namespace, pictures: Sequence[str]) -> dict[str, Any]:
    """Part (e): import, cold start, memory."""
    big, small = options.data / BIG_PHOTO, Path(pictures[0])
    many = (list(pictures) * (PICTURES_FOR_MEMORY // len(pictures) + 1))[:PICTURES_FOR_MEMORY]
    return {
        "title": "Fresh processes and memory",
        "import": asdict(process.import_cost()),
        "import_analyzer": asdict(process.import_cost(with_analyzer=True)),
        "cold_small": asdict(process.cold_analyze(small)),
        "cold_big": asdict(process.cold_analyze(big)),
        "growth": asdict(process.memory_growth(many, threads=options.threads)),
    }


def main(words: Sequence[str] | None = None) -> None:
    """Run the parts asked for; write the report and its JSON."""
    options = arguments(words)
    pairs = lfw.read_pairs(options.data / "lfw")
    everything = [str(options.data / "lfw" / name) for name in pairs.sample_ids()]
    every = max(len(everything) // options.images, 1)
    pictures = everything[::every][: options.images]
    results = report.read_previous(options.out)
    results["setting"] = report.setting(options, len(pictures))

    def keep(key: str, part: dict[str, Any]) -> None:
        results[key] = part | {"measured": report.moment()}
        report.write(options.out, results)

    if options.accuracy:
        keep("accuracy", {"sides": accuracy(options, pairs)})
    for key, described in GROUPS.items():
        if key in options.only:
            group = described(options)
            report.say(f"({key}) {group.title}")
            keep(key, run_group(group, pictures, options))
    if "e" in options.only:
        report.say("(e) fresh processes")
        keep("e", fresh_processes(options, everything))
    report.say(options.out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
