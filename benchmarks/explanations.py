"""Judge explanations of matches by the inpainting game, and write docs/explanations.md.

python -m benchmarks.explanations --data ../shared/data [--cases out/explanations.html]

The page with the pictures of what was lost shows people: it is no part of the documents.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from mien.evaluate import Evaluation, Figure, Result
from mien.evaluate.explanations.inpainting import CHARACTERISTICS
from mien.evaluate.explanations.playing import FALSE_SHARES
from mien.evaluate.explanations.run import METHODS, evaluate_explanations
from mien.render.blocks import Block, Bullets, Heading, Paragraph, Rows, to_markdown

PAGE, RAW = Path("docs/explanations.md"), Path("docs/explanations.json")
CACHE = Path(".cache/explanations")


def main() -> None:
    """Measure, or read what was measured, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--triplets", type=int, default=520)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--budget", type=int, default=54)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--cases", type=Path)
    arguments = parser.parse_args()
    evaluation = evaluate_explanations(
        arguments.data / "lfw",
        methods=arguments.methods.split(","),
        triplets=arguments.triplets,
        trials=arguments.trials,
        budget=arguments.budget,
        seed=arguments.seed,
        cache=arguments.cache,
        cases=arguments.cases,
        threads=arguments.threads,
        progress=lambda done, total: print(f"{done} of {total}", end="\r", flush=True),
    )
    evaluation.save(RAW)
    PAGE.write_text(to_markdown(list(page(evaluation))), encoding="utf-8")


def page(evaluation: Evaluation) -> Iterator[Block]:
    """Yield the document."""
    first = evaluation.results[0]
    environment, data = evaluation.environment, evaluation.data
    yield Heading("Explanations judged", 1)
    yield Paragraph(
        "Written by `python -m benchmarks.explanations --data ../shared/data`; do not edit. "
        f"Measured {environment['date'][:10]} at commit {environment['commit']}, seed "
        f"{environment['seed']}, {environment['threads']} threads. Intervals: 95 %, over people."
    )
    yield Paragraph(evaluation.protocol)
    yield Paragraph(
        f"{data['title']}, split {data['split']} (people of folds 4-5); {evaluation.fitted_on} "
        f"{data['triplets']} triplets at the threshold {data['threshold']}; each method may score "
        f"{first.options['budget']} crops. The mark of chance is not one in thirteen: what was "
        "replaced has one, two or four of the thirteen parts."
    )
    yield from _game(evaluation)
    yield from _beside(first)
    yield from _trials(evaluation)
    yield from _dropped(evaluation)
    yield from _lost(first)


def _figures(result: Result) -> Mapping[str, Figure]:
    return {figure.name: figure for figure in result.findings.figures}


def _said(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "-"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _table(evaluation: Evaluation, columns: Mapping[str, str]) -> Rows:
    """Return a row a method; ``columns``: title to the name of a figure."""
    rows = [
        (result.model, *(_said(_figures(result).get(name)) for name in columns.values()))
        for result in evaluation.results
    ]
    return Rows(("method", *columns), tuple(rows))


def _game(evaluation: Evaluation) -> Iterator[Block]:
    yield Heading("The game")
    yield Paragraph(
        "Region accuracy: the part of the face with the highest score is one that was replaced; k "
        "equally high ones count 1/k each. Pointing: the highest pixel of the map lies there, or "
        "within 5 of the crop's 150 pixels. Seconds: a case on one thread beside others, "
        "on whatever else the machine did."
    )
    columns = {"region accuracy": "region accuracy", "pointing": "pointing accuracy"}
    yield _table(evaluation, {**columns, "crops": "model calls", "seconds": "time"})
    figures = _figures(evaluation.results[0])
    counts = {name: figures[f"region accuracy, {name}"].n for name in CHARACTERISTICS}
    yield Paragraph("Region accuracy by what was replaced:")
    rows = [
        (result.model, *(_said(_figures(result)[f"region accuracy, {name}"]) for name in counts))
        for result in evaluation.results
    ]
    head = ("method", *(f"{name} (n = {n})" for name, n in counts.items()))
    yield Rows(head, tuple(rows))
    yield Paragraph(
        "The game score of [P125]: the probe's most marked pixels are replaced by its twin's "
        "(the probe with the same donor's part) until so many of the pixels elsewhere are marked, "
        "too; given is how often the probe then is nearer to the inpainted mate. Only triplets "
        f"whose whole twin is: n = {figures[f'game at {FALSE_SHARES[0]:.0%} false pixels'].n}."
    )
    shares = {f"{share:.0%}": f"game at {share:.0%} false pixels" for share in FALSE_SHARES}
    yield _table(evaluation, shares)


def _beside(first: Result) -> Iterator[Block]:
    yield Heading("The default beside the others")
    start = "region accuracy less that of "
    yield Paragraph(
        f"Differences of `{first.model}` in region accuracy on the same triplets, people resampled."
    )
    rows = [
        (figure.name.removeprefix(start), _said(figure), figure.rule.split(";")[1].strip())
        for figure in first.findings.figures
        if figure.name.startswith(start)
    ]
    yield Rows(("less that of", "difference", "p"), tuple(rows))


def _trials(evaluation: Evaluation) -> Iterator[Block]:
    first = _figures(evaluation.results[0])
    if "insertion area" not in first:
        return
    yield Heading("Faithfulness, stability, sanity, agreement")
    yield Paragraph(
        f"On {first['insertion area'].n} of the triplets, drawn at random. Areas under the "
        "difference of the two scores, as pixels of a blurred probe are shown, or of the probe "
        "blurred, in the order of the map: insertion should be high, deletion low."
    )
    yield _table(evaluation, {"insertion": "insertion area", "deletion": "deletion area"})
    rows = [
        (name, _said(figure), figure.rule.split(";")[1].strip())
        for name, figure in first.items()
        if name.startswith(("insertion area less", "deletion area less"))
    ]
    yield Rows((f"{evaluation.results[0].model}:", "difference", "p"), tuple(rows))
    yield Paragraph(
        "Rank correlations of region scores: with those of the same probe slightly changed (near 1 "
        "is right), under a network with shuffled weights (near 0 is right), of two methods."
    )
    stable = {name.split(", ", 1)[1]: name for name in first if name.startswith("stability")}
    yield _table(evaluation, {**stable, "weights shuffled": "sanity, weights shuffled"})
    others = [result.model for result in evaluation.results]
    agreement = {f"with {name}": f"agreement with {name}" for name in others}
    yield _table(evaluation, agreement)


def _dropped(evaluation: Evaluation) -> Iterator[Block]:
    data = evaluation.data
    yield Heading("What was dropped")
    said = [f"{reason}: {count:,}" for reason, count in data["pairs"].items()]
    yield Paragraph("Ordered mated pairs: " + "; ".join(said) + ".")
    figures = _figures(evaluation.results[0])
    rows = []
    for name, counts in data["tried"].items():
        kept = figures[f"region accuracy, {name}"].n
        further = counts["made"] - counts["still matched"] - kept
        row = (counts["made"], counts["still matched"], further, counts["not made"], kept)
        rows.append((name, *(f"{count:,}" for count in row)))
    head = ("replaced", "made", "still a match", "a second of its pair", "could not be made")
    yield Rows((*head, "kept"), tuple(rows))
    yield Paragraph(
        "So the game is played where one part decides: pairs little above the threshold, and "
        "replaced parts that the recogniser looks at. What it says of pairs far above the "
        "threshold is not known; parts that seldom decide (chin, one eye alone) are hardly in it."
    )


def _lost(first: Result) -> Iterator[Block]:
    lost = [mistake for mistake in first.findings.mistakes if mistake.kind == "lost"]
    yield Heading(f"What {first.model} lost")
    yield Paragraph(
        f"{len(lost)} triplets: probe, mate, donor. With their pictures: `--cases out/lost.html`, "
        "which stays private."
    )
    yield Bullets(tuple(f"{' · '.join(one.samples)}: {one.said}" for one in lost))


if __name__ == "__main__":
    main()
