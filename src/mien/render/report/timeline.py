"""The page of a video: a lane a person, with the times at which one is on screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from mien.io.atomic import whole_file
from mien.render.palette import face_colour
from mien.render.report.document import ending, opening
from mien.render.report.markup import Html, div, element, span
from mien.render.report.picture import data_uri
from mien.types import Image

#: About so many marks stand on the axis of time.
_MARKS = 10
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400)


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """One appearance: from when to when, s, a crop of it, and what else to say."""

    start_s: float
    end_s: float
    facts: str
    picture: Image | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """One person: what one is called, what is known of one, and the appearances."""

    title: str
    facts: str
    spans: Sequence[Span]


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """What is on the page: the video, its cuts (``shots_s``: when each shot begins), its people."""

    source: str
    duration_s: float
    frames: int
    shots_s: Sequence[float]
    lanes: Sequence[Lane]
    problems: Sequence[str] = ()


def write_timeline(path: str | Path, timeline: Timeline) -> None:
    """Write the page as one HTML file that needs nothing else."""
    with whole_file(path) as page:
        for part in _parts(timeline):
            page.write(part + "\n")


def clock(time_s: float, *, tenths: bool = True) -> str:
    """Return a time as people read it: 0:07.2, 1:02:33."""
    whole = round(time_s * 10) if tenths else round(time_s) * 10
    minutes, rest = divmod(whole, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 10:02}" + (f".{rest % 10}" if tenths else "")
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"


def _parts(timeline: Timeline) -> Iterable[Html]:
    yield _opening(timeline)
    if timeline.lanes:
        yield _chart(timeline)
        for number, lane in enumerate(timeline.lanes):
            yield _person(number, lane)
    yield _closing(timeline)


def _opening(timeline: Timeline) -> Html:
    people = len(timeline.lanes)
    counted = {0: "Nobody", 1: "1 person"}.get(people, f"{people:,} people")
    title = f"{counted} in {PurePath(timeline.source).name}"
    facts = [
        (clock(timeline.duration_s), "long"),
        (f"{timeline.frames:,}", "frames"),
        (f"{len(timeline.shots_s):,}", "shots" if len(timeline.shots_s) != 1 else "shot"),
        (f"{sum(len(lane.spans) for lane in timeline.lanes):,}", "appearances"),
    ]
    stats = [element("li", element("strong", number), text) for number, text in facts]
    advice = element("p", _ADVICE) if people else ""
    header = (element("ul", *stats, class_="stats"), advice)
    return opening(title, "sheet.css", "timeline.css", header=header)


_ADVICE = (
    "A lane is what the recogniser took for one person, a bar one unbroken appearance; thin lines "
    "are cuts. Two faces on screen together are never one person."
)


def _chart(timeline: Timeline) -> Html:
    lanes = [_lane(timeline, number, lane) for number, lane in enumerate(timeline.lanes)]
    return element(
        "section", _axis(timeline), *lanes, class_="chart", aria_label="Who is on screen"
    )


def _axis(timeline: Timeline) -> Html:
    step = next((s for s in _STEPS_S if timeline.duration_s / s <= _MARKS), _STEPS_S[-1])
    marks = []
    for number in range(int(timeline.duration_s / step) + 1):
        at = _share(timeline, number * step)
        text = clock(number * step, tenths=step < 1)
        marks.append(span("mark", text, style=f"left:{at:.3f}%"))
    return div("lane axis", span("who"), div("times", *marks))


def _lane(timeline: Timeline, number: int, lane: Lane) -> Html:
    red, green, blue = face_colour(number)
    cuts = [
        element("b", style=f"left:{_share(timeline, start):.3f}%") for start in timeline.shots_s[1:]
    ]
    bars = [
        element(
            "i",
            style=f"left:{_share(timeline, part.start_s):.3f}%;"
            f"width:{_share(timeline, part.end_s) - _share(timeline, part.start_s):.3f}%",
            title=f"{_when(part)}; {part.facts}",
        )
        for part in lane.spans
    ]
    first = next((part.picture for part in lane.spans if part.picture is not None), None)
    named = element("a", lane.title, href=f"#p{number + 1}")
    who = element("span", _picture(first, lane.title), named, class_="who")
    said = f"{lane.title} is on screen " + ", ".join(_when(part) for part in lane.spans)
    times = div("times", *cuts, *bars, role="img", aria_label=said)
    return div("lane", who, times, style=f"--c:rgb({red} {green} {blue})")


def _person(number: int, lane: Lane) -> Html:
    figures = [
        element(
            "figure",
            _picture(part.picture, f"{lane.title}, {_when(part)}"),
            span("name", _when(part)),
            span("name", part.facts),
            class_="face",
        )
        for part in lane.spans
    ]
    title = element("h2", lane.title, span("facts", lane.facts))
    return element("section", title, div("faces", *figures), class_="people", id=f"p{number + 1}")


def _picture(picture: Image | None, words: str) -> Html:
    if picture is None:
        return span("missing", "")
    width, height = picture.size_wh
    uri = data_uri(picture, quality=82)
    return element("img", src=uri, alt=words, loading="lazy", width=str(width), height=str(height))


def _closing(timeline: Timeline) -> Html:
    failed: Html | str = ""
    if timeline.problems:
        rows = [element("li", problem) for problem in timeline.problems]
        title = element("h2", "What could not be decoded")
        failed = element("section", title, element("ul", *rows), class_="failures")
    return ending(failed)


def _share(timeline: Timeline, time_s: float) -> float:
    """Return where a time stands on the axis, in percent."""
    return 100 * min(time_s / timeline.duration_s, 1.0) if timeline.duration_s > 0 else 0.0


def _when(part: Span) -> str:
    return f"{clock(part.start_s)} to {clock(part.end_s)}"
