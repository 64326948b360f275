"""How many people are recognised in pictures that mien anonymised, and what sizes were chosen.

python -m benchmarks.anonymize --data ../shared/data [--choose]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.anonymize.attack import Rate
from benchmarks.anonymize.measuring import (
    Setting,
    by_surroundings,
    detected_again,
    rates,
    trial,
    uncovered,
)
from benchmarks.anonymize.page import write_page
from benchmarks.anonymize.pictures import known
from benchmarks.anonymize.recognisers import recognisers
from benchmarks.report import moment
from mien.protect.style import known_styles

#: Sizes were chosen on these folds, and are reported on those.
CHOOSING, REPORTING = (1, 2, 3), (4, 5)
SIZES = (0.25, 0.5, 1.0, 2.0, 4.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--choose", action="store_true", help="Measure sizes on folds 1 to 3.")
    parser.add_argument("--cache", type=Path, default=Path(".cache/anonymize"))
    parser.add_argument("--out", type=Path, default=Path("docs/anonymize.md"))
    parser.add_argument("--most", type=int, help="Pictures at most; for a trial.")
    options = parser.parse_args()
    kept = options.out.with_suffix(".json")
    results: dict[str, Any] = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    part = choose if options.choose else report
    results["choosing" if options.choose else "reporting"] = part(options)
    kept.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write_page(options.out, results)


def choose(options: argparse.Namespace) -> dict[str, Any]:
    """Measure blurs and cells of several sizes."""
    settings = [Setting(style, size) for style in ("blur", "pixelate") for size in SIZES]
    return _measured(options, CHOOSING, [Setting("open"), *settings], plain=False)


def report(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every style as it is used unless told, and the controls."""
    styles = [Setting(style.name, style.strength) for style in known_styles().values()]
    settings = [Setting("open"), Setting("face"), *styles]
    return _measured(options, REPORTING, settings, plain=True)


def _measured(
    options: argparse.Namespace, folds: tuple[int, ...], settings: list[Setting], *, plain: bool
) -> dict[str, Any]:
    pictures = known(options.data, folds, options.cache, options.most)
    of, names = trial(pictures, options.data), recognisers()
    found: dict[str, Any] = {
        "when": moment(),
        "folds": folds,
        "pictures": len(pictures.names),
        "without_a_mesh": int((~pictures.usable).sum()),
        "attacks": {},
        "detected_again": {},
        "surroundings": {},
    }
    if plain:
        found["uncovered"] = uncovered(pictures, names)
    for setting in settings:
        made = rates(pictures, of, setting, names, options.cache, plain=plain)
        found["attacks"][str(setting)] = {
            attack: {name: _plain(rate) for name, rate in row.items()}
            for attack, row in made.items()
        }
        if plain:
            found["detected_again"][str(setting)] = _plain(
                detected_again(pictures, setting, options.cache)
            )
            found["surroundings"][str(setting)] = _plain(by_surroundings(pictures, of, setting))
        worst = {
            attack: max(row.items(), key=lambda item: item[1].share) for attack, row in made.items()
        }
        words = [f"{a}: {100 * rate.share:.2f} % {name}" for a, (name, rate) in worst.items()]
        print(setting, "; ".join(words), flush=True)
    return found


def _plain(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval
    return {"hits": rate.hits, "n": rate.n, "lost": rate.lost, "low": low, "high": high}


if __name__ == "__main__":
    main()
