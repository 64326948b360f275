"""The loop: one recipe, one folder, on one process or several, resumable after any kill."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

import torch
from lightning_fabric import Fabric
from torch import optim

from mien.errors import InputError
from mien.train import checkpoint
from mien.train.batch import Batch, change, draw_all, gather
from mien.train.checkpoint import BEST, LAST, RunState
from mien.train.ema import RunningMean
from mien.train.examples import Examples, held_out
from mien.train.journal import Journal, Progress, Report
from mien.train.learner import Learner, build_learner, class_number
from mien.train.loss import averaged
from mien.train.recipe import Recipe
from mien.train.registry import build
from mien.train.schedule import make_optimizer, rate_at, set_rate
from mien.train.shards import Shards, strategy_of
from mien.types.arrays import IntArray

_log = logging.getLogger(__name__)
#: Measures a learner on examples; the first figure chooses the best weights, higher is better.
Validate = Callable[[Learner, Examples], Mapping[str, float]]
#: Seconds between two reports of progress.
_REPORT_S = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run: folder, updates, seconds over all its parts, the last held-out figures."""

    folder: Path
    steps: int
    seconds: float
    figures: Mapping[str, float]


def fit(
    recipe: Recipe,
    examples: Examples,
    *,
    folder: Path,
    validate: Validate | None = None,
    resume: bool = False,
    report: Report | None = None,
    processes: int = 1,
    strategy: str = "ddp",
) -> Outcome:
    """Learn by a recipe; everything about the run is in ``folder`` afterwards.

    ``resume`` goes on from the folder's last checkpoint to the result of a run that was never
    stopped. The best weights by ``validate`` on the held-out part are kept in ``best.pt``, the
    state in ``last.pt``. With several ``processes`` each works on its part of every batch, and has
    the whole network (``strategy`` "ddp") or a part of it ("fsdp").
    Raises InputError for a folder with a run that was not asked to go on, or of another recipe.
    """
    fabric = Fabric(
        accelerator="cpu",
        devices=processes,
        strategy=strategy_of(strategy, processes, mean=recipe.ema > 0),
        precision=cast(Literal["32-true"], recipe.precision),
    )
    fabric.launch()
    run = Run(recipe, examples, folder, fabric, resume=resume)
    while run.state.step < run.steps:
        started = time.monotonic()
        run.update()
        run.state.seconds += time.monotonic() - started
        run.tell(report)
        if run.ends_epoch() and validate is not None:
            run.measure(validate)
        if run.shards.agreed(time.monotonic() - run.saved_s >= recipe.checkpoint_every_s):
            run.save()
    run.save()
    return Outcome(folder, run.state.step, run.state.seconds, run.state.figures)


def use_threads(count: int) -> None:
    """Let this process compute on so many cores; another number rounds sums differently."""
    torch.set_num_threads(count)


class Run:
    """A run's parts and its state; ``update`` does one step of learning."""

    def __init__(
        self, recipe: Recipe, examples: Examples, folder: Path, fabric: Fabric, *, resume: bool
    ) -> None:
        self.recipe, self.examples, self.folder, self.fabric = recipe, examples, folder, fabric
        self.world, self.rank = fabric.world_size, fabric.global_rank
        if recipe.batch % (self.world * recipe.accumulate):
            raise InputError(
                f"batch {recipe.batch} is not divisible by {self.world} processes "
                f"times accumulate {recipe.accumulate}"
            )
        self.learn, self.held = held_out(examples, share=recipe.hold_out, seed=recipe.seed)
        self.sampler = build("sampler", recipe.sampler, examples.targets[self.learn], recipe.batch)
        self.augmentations = [build("augmentation", part) for part in recipe.augmentations]
        self.steps = max(1, round(recipe.epochs * len(self.sampler)))
        self.learner = build_learner(recipe, examples, class_number(recipe, examples))
        begun = None if resume else self._begun()
        self.mean = RunningMean(self.learner, recipe.ema)
        self.shards = Shards(self.learner)
        self.model = fabric.setup_module(self.learner)
        self.optimizer = cast(
            optim.Optimizer, fabric.setup_optimizers(make_optimizer(recipe, self.learner))
        )
        self.state = self._resumed() if begun is None else self._fresh(begun)
        self.journal = Journal(folder, resumed_at=self.state.step) if self.rank == 0 else None
        self.saved_s = self._told_s = time.monotonic()
        self._order: tuple[int, IntArray] = (-1, self.learn)
        self._loss, self._told_step = 0.0, self.state.step

    def update(self) -> None:
        """Do one update: the forward and backward runs of this process's part of one batch."""
        recipe, step = self.recipe, self.state.step
        set_rate(self.optimizer, recipe.learning_rate * rate_at(step, self.steps, recipe.warm_up))
        batches = self._parts(step)
        total = 0.0
        for index, batch in enumerate(batches):
            last = index == len(batches) - 1
            with self.fabric.no_backward_sync(self.model, enabled=not last):
                loss = averaged(self.model(*batch.parts())) / len(batches)
                self.fabric.backward(loss)
            total += float(loss.detach())
        self.shards.clip(self.fabric, self.model, self.optimizer, recipe.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.mean.update(self.learner, step + 1)
        self.state.step += 1
        # The mean over about the last fifty updates.
        self._loss += (total - self._loss) / min(self.state.step - self._told_step + 1, 50)

    def _parts(self, step: int) -> list[Batch]:
        """Return this process's batches of an update: all chance hangs on seed and step alone."""
        recipe = self.recipe
        number, place = divmod(step, len(self.sampler))
        if self._order[0] != number:
            self._order = (number, self.sampler.epoch(recipe.seed, number))
        rows = self.learn[self._order[1][place]]
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        drawn = draw_all(self.augmentations, recipe.batch, generator)
        # Dropout differs between processes, and between updates, but not between two runs.
        torch.manual_seed((recipe.seed * 1_000_003 + step) * 4099 + self.rank)
        size = recipe.batch // (self.world * recipe.accumulate)
        first = self.rank * size * recipe.accumulate
        parts = [slice(first + i * size, first + (i + 1) * size) for i in range(recipe.accumulate)]
        return [
            change(gather(self.examples, rows[part]), self.augmentations, drawn, part)
            for part in parts
        ]

    def ends_epoch(self) -> bool:
        """Tell whether it is time to measure: every so many epochs, and at the end."""
        every = max(1, round(self.recipe.validate_every_epochs * len(self.sampler)))
        return self.state.step % every == 0 or self.state.step == self.steps

    def measure(self, validate: Validate) -> None:
        """Measure the running mean on what was held out; keep its weights if they are the best."""
        if not len(self.held):
            return
        weights = self.shards.whole(self.mean.module.state_dict())
        if self.journal is None:
            return
        learner = self.mean.module
        learner.eval()
        with torch.inference_mode():
            figures = dict(validate(cast(Learner, learner), self.examples.take(self.held)))
        learner.train()
        self.state.figures = figures
        self.journal.write("held_out", self.state.step, figures)
        score = next(iter(figures.values()))
        if self.state.best is None or score > self.state.best:
            self.state.best = score
            content = {"learner": weights, **self._facts()}
            checkpoint.save(self.folder / BEST, content)

    def tell(self, report: Report | None) -> None:
        """Log the loss and report progress, every few seconds."""
        now, done = time.monotonic(), self.state.step - self._told_step
        if self.journal is None or not (now - self._told_s > _REPORT_S or self._finished()):
            return
        per_s = self.recipe.batch * done / max(now - self._told_s, 1e-9)
        left_s = (self.steps - self.state.step) * self.recipe.batch / max(per_s, 1e-9)
        rate = self.optimizer.param_groups[-1]["lr"]
        row = {"loss": self._loss, "rate": rate, "per_s": per_s, "seconds": self.state.seconds}
        self.journal.write("training", self.state.step, row)
        epoch = self.state.step / len(self.sampler)
        if report is not None:
            figures = self.state.figures
            report(Progress(self.state.step, self.steps, epoch, self._loss, per_s, left_s, figures))
        self._told_s, self._told_step = now, self.state.step

    def save(self) -> None:
        """Write everything that is needed to go on."""
        self.saved_s = time.monotonic()
        content = {
            "learner": self.shards.whole(self.learner.state_dict()),
            "mean": self.shards.whole(self.mean.module.state_dict()),
            "optimizer": self.shards.whole_moments(self.optimizer),
            **self._facts(),
        }
        if self.journal is not None:
            checkpoint.save(self.folder / LAST, content)

    def _facts(self) -> dict[str, Any]:
        return {"recipe": repr(self.recipe.essence()), "state": asdict(self.state)}

    def _finished(self) -> bool:
        return self.state.step >= self.steps

    def _begun(self) -> float:
        """Take the weights that the recipe begins from; returns the seconds they took."""
        if not self.recipe.begin:
            return 0.0
        run = Path(self.recipe.begin)
        have, wanted = checkpoint.begin_from(self.learner, run)
        if self.rank == 0:
            level = logging.INFO if have == wanted else logging.WARNING
            _log.log(level, "begin: %d of %d weights are those of %s", have, wanted, run)
        state = RunState(**checkpoint.load(run / LAST)["state"])
        return state.seconds + state.before_s

    def _fresh(self, before_s: float) -> RunState:
        if (self.folder / LAST).exists():
            raise InputError(
                f"{self.folder}: holds a run already; go on with --resume, or choose another folder"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        return RunState(before_s=before_s)

    def _resumed(self) -> RunState:
        saved = checkpoint.load(self.folder / LAST)
        if saved["recipe"] != repr(self.recipe.essence()):
            raise InputError(f"{self.folder}: holds the run of another recipe, or other settings")
        for module, name in ((self.learner, "learner"), (self.mean.module, "mean")):
            module.load_state_dict(self.shards.own(module, saved[name]))
        moments = self.shards.own_moments(self.optimizer, saved["optimizer"])
        self.optimizer.load_state_dict(moments)
        return RunState(**saved["state"])
