"""How many people are recognised in pictures that mien anonymised, and what sizes were chosen.

python -m benchmarks.anonymize --data ../shared/data [--choose | --only blur]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

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
from mien.protect.style import DEFAULT_STYLE, get_style, known_styles

#: Sizes were chosen on these folds; what has a size is reported on the others, all else on all.
CHOOSING, OTHERS = (1, 2, 3), (4, 5)
#: Nobody detects a face where it is open anyway, or in what is left round a grey one.
CONTROLS = ("open", "face")
SIZES = (1.0, 2.0, 4.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--choose", action="store_true", help="Measure sizes on folds 1 to 3.")
    parser.add_argument("--only", choices=list(known_styles()), help="Measure one style anew.")
    parser.add_argument("--cache", type=Path, default=Path(".cache/anonymize"))
    parser.add_argument("--out", type=Path, default=Path("docs/anonymize.md"))
    parser.add_argument("--most", type=int, help="Pictures at most; for a trial.")
    options = parser.parse_args()
    keep = Keeper(options.out, "choosing" if options.choose else "reporting")
    if options.choose:
        sizes = [Setting(style, size) for style in ("blur", "pixelate") for size in SIZES]
        measure(options, CHOOSING, [Setting("open"), *sizes], keep, plain=False)
        return
    styles = [Setting(style.name, style.strength) for style in known_styles().values()]
    # What the bar is for comes first.
    styles.sort(key=lambda one: (one.style != DEFAULT_STYLE, get_style(one.style).cosmetic))
    settings = [Setting("open"), *styles, Setting("face")]
    if options.only is not None:
        settings = [one for one in settings if one.style == options.only]
    measure(options, CHOOSING + OTHERS, settings, keep, plain=True)


@dataclass(frozen=True)
class Keeper:
    """Writes a part of the results beside the page, and the page, after each step."""

    out: Path
    part: str

    def kept(self) -> dict[str, Any]:
        """Return the results of before."""
        path = self.out.with_suffix(".json")
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}

    def without(self, style: str) -> dict[str, Any]:
        """Return the part as it was, but for one style, which is measured anew."""
        found = self.kept()[self.part]
        for name in ("attacks", "detected_again", "surroundings", "anew"):
            kept = found.get(name, {})
            found[name] = {k: v for k, v in kept.items() if k.split()[0] != style}
        return found

    def __call__(self, found: dict[str, Any]) -> None:
        """Replace the part."""
        path = self.out.with_suffix(".json")
        results = self.kept()
        results[self.part] = found
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_page(self.out, results)


def measure(
    options: argparse.Namespace,
    folds: tuple[int, ...],
    settings: list[Setting],
    keep: Keeper,
    *,
    plain: bool,
) -> None:
    """Measure the settings in order; ``plain``: also who detects, and the controls."""
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
    if options.only is not None:
        found = keep.without(options.only)
        found["anew"] |= {str(one): moment() for one in settings}
    for setting in settings:
        seen = plain and setting.style not in CONTROLS
        counted = folds if setting.strength is None or not plain else OTHERS
        made = rates(pictures, of, setting, names, options.cache, folds=counted, plain=seen)
        found["attacks"][str(setting)] = {
            attack: {name: _plain(rate) for name, rate in row.items()}
            for attack, row in made.items()
        }
        if plain:
            found["surroundings"][str(setting)] = _plain(
                by_surroundings(pictures, of, setting, counted)
            )
        if seen:
            again = detected_again(pictures, setting, options.cache)
            found["detected_again"][str(setting)] = _plain(again)
        worst = {
            attack: max(row.items(), key=lambda item: item[1].share) for attack, row in made.items()
        }
        words = [f"{a}: {100 * rate.share:.2f} % {name}" for a, (name, rate) in worst.items()]
        print(setting, "; ".join(words), flush=True)
        keep(found)
    if plain and options.only is None:
        found["uncovered"] = uncovered(pictures, names)
        keep(found)


def _plain(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval
    counted = {"hits": rate.hits, "n": rate.n, "lost": rate.lost, "low": low, "high": high}
    return counted | ({} if np.isnan(rate.others) else {"others": rate.others})


if __name__ == "__main__":
    main()
