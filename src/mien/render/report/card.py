"""The card of one face: what it looks like to the models, and how sure they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mien.render.palette import face_colour
from mien.render.report.glyphs import age_range, bar, gaze_glyph, head_glyph, ring
from mien.render.report.markup import Html, div, element, join, span

Row = Mapping[str, Any]
#: Classes less probable than this are summed up as one.
_WORTH_A_BAR = 0.03
#: A mouth less open than this is called closed.
_SHUT = 0.05


def face_card(
    face: Row, number: int, *, anchor: str, crop_uri: str | None, brief: bool = False
) -> Html:
    """Return the card of one face record; ``anchor`` names it and its box in the picture.

    ``brief`` folds the components of quality: for pictures of many faces.
    """
    known = {name: face[name] for name in face if name not in _BASICS}
    sections = [render(known[name]) for name, render in _SECTIONS.items() if known.get(name)]
    glyphs = [render(known[name]) for name, render in _GLYPHS.items() if known.get(name)]
    glyphs = [glyph for glyph in glyphs if glyph]
    if glyphs:
        sections.append(div("glyphs", *glyphs))
    if known.get("quality"):
        sections.append(_quality(known["quality"], brief=brief))
    red, green, blue = face_colour(number - 1)
    return element(
        "section",
        _top(face, number, anchor, crop_uri),
        *sections,
        _others(known),
        class_="card",
        id=f"{anchor}f{number}",
        style=f"--c:rgb({red} {green} {blue})",
        aria_label=f"Face {number}",
    )


def _top(face: Row, number: int, anchor: str, crop_uri: str | None) -> Html:
    box = face["box"]
    side = min(box["x1"] - box["x0"], box["y1"] - box["y0"])
    facts = f"{side:.0f} px · detection {face['detection_score']:.2f}"
    if face.get("rotation_deg"):
        facts += f" · found turned by {face['rotation_deg']:.0f}°"
    title = element("a", f"Face {number}", href=f"#{anchor}o{number}", title="show in the picture")
    age = face.get("apparent_age")
    picture: str = Html("")
    if crop_uri is not None:
        picture = element(
            "img", src=crop_uri, alt=f"Face {number}", loading="lazy", width="144", height="144"
        )
    return div("top", picture, div("who", element("h3", title), element("p", facts), _age(age)))


def _age(age: Row | None) -> Html:
    if age is None:
        return Html("")
    if age["value"] is None:
        return element("p", "apparent age not measurable here", class_="age")
    spread = age.get("spread")
    after = "" if spread is None else f" ± {spread:.0f}"
    big = element("strong", f"{age['value']:.0f}")
    words = element("p", span("hint", "apparent age "), big, f"{after} years", class_="age")
    return join(words, age_range(age["value"], spread))


def _gender(row: Row) -> Html:
    """One bar shared by the classes."""
    shares = row["probabilities"]
    parts = [
        element(
            "i", style=f"width:{100 * value:.1f}%", class_="best" if name == row["label"] else ""
        )
        for name, value in shares.items()
        if value is not None
    ]
    ends = [span("", f"{name} {_percent(value)}") for name, value in shares.items()]
    head = _head("Apparent gender", _words(row["label"]))
    return div("block", head, div("split", *parts, aria_hidden="true"), div("ends", *ends))


def _bars(title: str) -> Callable[[Row], Html]:
    def render(row: Row) -> Html:
        ranked = sorted(row["probabilities"].items(), key=lambda item: -(item[1] or 0))
        shown = [item for item in ranked if (item[1] or 0) >= _WORTH_A_BAR] or ranked[:1]
        rest = 1.0 - sum(value or 0 for _, value in shown)
        bars = [bar(_words(name), value, text=_percent(value)) for name, value in shown]
        if len(shown) < len(ranked):
            rest = max(rest, 0.0)
            bars.append(bar("all others", rest, text=_percent(rest)))
        return div("block", _head(title, _words(row["label"])), element("ul", *bars))

    return render


def _pose(row: Row) -> Html:
    angles = [row.get(f"{name}_deg") for name in ("yaw", "pitch", "roll")]
    known = [angle for angle in angles if angle is not None]
    if len(known) < 3:
        return Html("")
    yaw, pitch, roll = known
    words = [
        _side(yaw, "to the own left", "to the own right", "straight on"),
        _side(pitch, "up", "down", "level"),
        _side(roll, "tilted clockwise", "tilted anticlockwise", "upright"),
    ]
    return div("block glyph", _head("Pose", ""), head_glyph(*known), _list(words))


def _gaze(row: Row) -> Html:
    yaw, pitch = row.get("yaw_deg"), row.get("pitch_deg")
    if yaw is None or pitch is None:
        return Html("")
    opening = [row.get(f"{side}_eye_openness") for side in ("right", "left")]
    words = [
        _side(yaw, "to the own left", "to the own right", "straight on"),
        _side(pitch, "up", "down", "level"),
    ]
    mouth = row.get("mouth_openness")
    if mouth is not None:
        words.append("mouth closed" if mouth < _SHUT else f"mouth {_percent(mouth)} open")
    return div("block glyph", _head("Eyes", ""), gaze_glyph(yaw, pitch, opening), _list(words))


def _quality(row: Row, *, brief: bool) -> Html:
    unified = row.get("unified")
    parts = [
        bar(_words(name), value, largest=100, text="" if value is None else f"{value:.0f}")
        for name, value in row.items()
        if name != "unified"
    ]
    said = "unified score not measurable here" if unified is None else f"{unified:.0f} of 100"
    gauge = Html("") if unified is None else ring(unified, f"unified quality {said}")
    body = div("measured", gauge, element("ul", *parts))
    if not brief or not parts:
        return div("block quality", _head("Quality", said), body)
    summary = element("summary", _head("Quality", said))
    return element("details", summary, body, class_="block quality")


def _others(known: Mapping[str, Any]) -> Html:
    """What has no picture of its own yet: names and values."""
    rows = [
        join(element("dt", _words(name)), element("dd", _value(value)))
        for name, value in known.items()
        if name not in {*_SECTIONS, *_GLYPHS, "quality"} and value is not None
    ]
    return element("dl", *rows, class_="block more") if rows else Html("")


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        if set(value) <= {"value", "spread"}:
            spread = value.get("spread")
            return _value(value.get("value")) + ("" if spread is None else f" ± {_value(spread)}")
        if "label" in value:
            return str(value["label"])
        return ", ".join(f"{_words(str(name))} {_value(item)}" for name, item in value.items())
    if isinstance(value, list):
        return " x ".join(_value(item) for item in value)
    return "n/a" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _head(title: str, said: str) -> Html:
    return element("h4", title, span("said", said) if said else "")


def _list(words: list[str]) -> Html:
    return element("ul", *[element("li", word) for word in words], class_="words")


def _side(angle: float, positive: str, negative: str, none: str) -> str:
    if abs(angle) < 2:
        return none
    return f"{abs(angle):.0f}° {positive if angle > 0 else negative}"


def _percent(value: float | None) -> str:
    return "n/a" if value is None else f"{100 * value:.0f} %"


def _words(name: str) -> str:
    return name.replace("_", " ")


_BASICS = ("box", "detection_score", "rotation_deg", "landmarks", "apparent_age", "face_presence")
_SECTIONS: Mapping[str, Callable[[Row], Html]] = {
    "apparent_gender": _gender,
    "expression": _bars("Expression shown"),
    "apparent_ancestry": _bars("Apparent ancestry"),
}
_GLYPHS: Mapping[str, Callable[[Row], Html]] = {"pose": _pose, "gaze": _gaze}
