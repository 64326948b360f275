"""An explanation in words: sentences that say only what was measured, and what that is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mien.types.explanation import Explanation

#: Facts in, text out: where a language model can be put; it sees nothing but the facts.
Words = Callable[[Mapping[str, Any]], str]
#: A region is named as a cause when 0 lies outside this many standard errors: 95 %.
_ERRORS = 1.96
#: Shares below this are not worth a sentence.
_LEAST_SHARE = 0.05
_SIDES = ("left_", "right_")
CAUTION = (
    "This says how the score changes when parts of this picture are altered; it is no probability, "
    "and does not say who is shown."
)


def facts(explanation: Explanation) -> dict[str, Any]:
    """Return what the words are made from: plain values, nothing that was not measured.

    ``for``, ``against``: regions with their share of all measured influence, largest first; two
    sides of one kind are one entry where both are sure and of one sign. ``unsure``: regions whose
    95 % interval includes 0 (standard errors are added where sides are one, which is the worst
    case). ``has_intervals``: whether the method measured any. Left and right are the subject's.
    """
    entries = _entries(explanation)
    sure = [entry for entry in entries if entry["sure"]]
    decided = explanation.threshold is not None
    return {
        "target": explanation.target,
        "method": explanation.method,
        "model_id": explanation.model_id,
        "score": explanation.base_score,
        "threshold": explanation.threshold,
        "match": decided and explanation.base_score >= (explanation.threshold or 0.0),
        "for": [entry for entry in sure if entry["share"] > 0],
        "against": [entry for entry in sure if entry["share"] < 0],
        "unsure": [entry["region"] for entry in entries if not entry["sure"]],
        "has_intervals": explanation.region_spread is not None,
        "model_calls": explanation.model_calls,
        "caution": CAUTION,
    }


def plain_words(known: Mapping[str, Any], *, most: int = 3) -> str:
    """Return English sentences from ``facts``; at most ``most`` regions are named for, and against.

    Regions below 5 % are not named.
    """
    said = [_score_sentence(known)]
    speaks_for = _worth(known["for"], most)
    against = _worth(known["against"], most)
    for number, entry in enumerate(speaks_for):
        share = f"{abs(entry['share']) * 100:.0f} %"
        verb = "carry" if _is_plural(entry["region"]) else "carries"
        subject = _capital(named(entry["region"]))
        said.append(
            f"{subject} {verb} {share} of what the regions say."
            if number == 0
            else f"{subject} {verb} {share}."
        )
    if against:
        names = _listed([named(entry["region"]) for entry in against])
        verb = "speak" if len(against) > 1 or _is_plural(against[0]["region"]) else "speaks"
        said.append(f"{_capital(names)} {verb} against it.")
    if not speaks_for and not against:
        said.append("No region can be named as a cause.")
    if known["unsure"]:
        names = _listed([named(region) for region in known["unsure"]])
        said.append(f"Not sure to matter, their interval includes 0: {names}.")
    if not known["has_intervals"]:
        said.append("The method gives no intervals.")
    return " ".join([*said, known["caution"]])


def named(region: str) -> str:
    """Return a region as it is said: ``left_eye`` is "the left eye", ``eyes`` "the eyes"."""
    return f"the {region.replace('_', ' ')}"


def _entries(explanation: Explanation) -> list[dict[str, Any]]:
    shares = explanation.shares()
    entries: dict[str, dict[str, Any]] = {}
    for row, name in enumerate(explanation.regions):
        error = None if explanation.region_spread is None else explanation.region_spread[row]
        score = float(explanation.region_scores[row])
        sure = score != 0 and (error is None or abs(score) > _ERRORS * float(error))
        entries[name] = {"region": name, "share": shares[name], "score": score, "sure": sure}
    for name in [name for name in entries if name.startswith(_SIDES[0])]:
        part = name.removeprefix(_SIDES[0])
        other = entries.get(_SIDES[1] + part)
        if other is not None and _agree(entries[name], other):
            both = {key: entries[name][key] + other[key] for key in ("share", "score")}
            entries[name] = {"region": _plural(part), "sure": True, **both}
            del entries[_SIDES[1] + part]
    return sorted(entries.values(), key=lambda entry: (-abs(entry["share"]), entry["region"]))


def _agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["sure"] and other["sure"] and (one["score"] > 0) == (other["score"] > 0))


def _score_sentence(known: Mapping[str, Any]) -> str:
    what = "score" if known["target"] == "match" else f"score of {_spoken(known['target'])}"
    score, threshold = known["score"], known["threshold"]
    if known["target"] == "match against another":
        relation = "above" if score >= 0 else "below"
        return f"The score with the one is {abs(score):.2f} {relation} that with the other."
    if threshold is None:
        return f"The {what} is {score:.2f}."
    relation = "above" if score > threshold else "at" if score == threshold else "below"
    digits = 2
    # Rounded alike, a score would stand "above" itself.
    while relation != "at" and digits < 6 and f"{score:.{digits}f}" == f"{threshold:.{digits}f}":
        digits += 1
    return f"The {what} is {score:.{digits}f}, {relation} {threshold:.{digits}f}."


def _worth(entries: Sequence[Mapping[str, Any]], most: int) -> list[Mapping[str, Any]]:
    return [entry for entry in entries if abs(entry["share"]) >= _LEAST_SHARE][:most]


def _spoken(target: str) -> str:
    return target.replace("_", " ").replace("=", " ")


def _plural(part: str) -> str:
    return part if part.endswith("s") else f"{part}s"


def _is_plural(region: str) -> bool:
    return region.endswith("s") and not region.endswith("ss")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
