"""The measured part of docs/anonymize.md, between two marks; the rest of the page is prose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mien.protect.style import DEFAULT_STYLE, known_styles

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
#: The bar: mated rate at most, and its upper bound.
MOST, MOST_UPPER = 0.02, 0.03
#: The attacks under which the bar is to be kept.
BARRED = ("informed", "parrot")
_WORDS = {"open": "nothing covered", "face": "only the face, to the rim of the mesh"}


def write_page(path: Path, results: dict[str, Any]) -> None:
    """Replace what stands between the marks."""
    text = path.read_text("utf-8") if path.is_file() else f"{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    path.write_text(f"{before}{BEGIN}\n{measured(results)}\n{END}{after}", encoding="utf-8")


def measured(results: dict[str, Any]) -> str:
    """Return the tables of all parts that were measured."""
    parts = []
    if "reporting" in results:
        parts += _reported(results["reporting"])
    if "choosing" in results:
        parts += _chosen(results["choosing"])
    return "\n".join(parts)


def _reported(found: dict[str, Any]) -> list[str]:
    lines = [
        f"Measured by `python -m benchmarks.anonymize`, {found['when']}, on the"
        f" {found['pictures']:,} pictures of LFW's five folds"
        f" ({found['without_a_mesh']} without a face that the attacker finds); what has a size that"
        " was chosen on folds 1 to 3 counts on folds 4 and 5 alone. Mated comparisons"
        " that match, in per cent with Wilson's 95 % interval; of the recognisers"
        f" {', '.join(_recognisers(found))} the one that counts is the worst.",
        "",
        "| what covers | plain | informed | informed, both ways | parrot | face found again |"
        " bar kept |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for setting, attacks in found["attacks"].items():
        cells = [
            _worst(attacks[attack]) if attack in attacks else ""
            for attack in ("plain", "informed", "informed, both ways", "parrot")
        ]
        seen = found["detected_again"]
        again = _rate(seen[setting]) if setting in seen else ""
        lines.append(
            f"| {_title(setting)} | {' | '.join(cells)} | {again} | {_verdict(setting, attacks)} |"
        )
    anew = [f"{_title(setting)} anew: {when}." for setting, when in found.get("anew", {}).items()]
    return [*lines, "", *anew, "", *_surroundings(found), "", *_each(found), ""]


def _surroundings(found: dict[str, Any]) -> list[str]:
    shares = [
        f"{name} {100 * mean:.2f} % (at most {100 * most:.1f} %)"
        for name, (mean, most) in found.get("uncovered", {}).items()
    ]
    views = [f"{_title(setting)}: {_rate(rate)}" for setting, rate in found["surroundings"].items()]
    if "uncovered" not in found:
        return ["(not finished)"]
    return [
        "Share of each recogniser's crop that the cover leaves open: " + ", ".join(shares) + ".",
        "",
        "What is outside of the cover still tells where a picture was taken. Who compares the"
        " whole covered pictures as views (32 x 32 px, correlation; no face recognition) finds of"
        " the mated pairs: " + "; ".join(views) + ".",
    ]


def _each(found: dict[str, Any]) -> list[str]:
    names = _recognisers(found)
    lines = [
        "Each recogniser; *others*: how often the same references match the covered pictures of"
        " other people at the same threshold. Where that is as often, the cover tells nothing of"
        " whom it hides, and what differs from 1 % is chance: which references there are.",
        "",
        "| what covers | attack | " + " | ".join(names) + " |",
        "|---|---|" + "--:|" * len(names),
    ]
    for setting, attacks in found["attacks"].items():
        for attack in ("informed", "parrot"):
            cells = " | ".join(_beside(attacks[attack][name]) for name in names)
            lines.append(f"| {_title(setting)} | {attack} | {cells} |")
    return lines


def _chosen(found: dict[str, Any]) -> list[str]:
    lines = [
        f"Sizes, on LFW folds 1 to 3 ({found['pictures']:,} pictures, {found['when']}), in eye"
        " distances; the worst recogniser:",
        "",
        "| what covers | informed | parrot |",
        "|---|--:|--:|",
    ]
    for setting, attacks in found["attacks"].items():
        cells = " | ".join(_worst(attacks[attack]) for attack in BARRED)
        lines.append(f"| {_title(setting)} | {cells} |")
    return lines


def _recognisers(found: dict[str, Any]) -> list[str]:
    return list(next(iter(found["attacks"].values()))["informed"])


def _title(setting: str) -> str:
    name = setting.split()[0]
    if name in _WORDS:
        return f"*{_WORDS[name]}*"
    marks = ["default"] * (name == DEFAULT_STYLE) + ["cosmetic"] * known_styles()[name].cosmetic
    return f"`{setting}`" + (f" ({', '.join(marks)})" if marks else "")


def _verdict(setting: str, attacks: dict[str, Any]) -> str:
    if setting in _WORDS:
        return "control"
    rates = [rate for attack in BARRED for rate in attacks[attack].values()]
    kept = all(rate["hits"] <= MOST * rate["n"] and rate["high"] <= MOST_UPPER for rate in rates)
    return "yes" if kept else "no"


def _worst(rates: dict[str, Any]) -> str:
    return _rate(max(rates.values(), key=lambda rate: rate["hits"]))


def _beside(rate: dict[str, Any]) -> str:
    return _rate(rate) + f", others {100 * rate['others']:.2f}"


def _rate(rate: dict[str, Any]) -> str:
    share = 100 * rate["hits"] / rate["n"]
    low, high = 100 * rate["low"], 100 * rate["high"]
    return f"{share:.2f} ({low:.2f} to {high:.2f}; {rate['hits']} of {rate['n']})"
