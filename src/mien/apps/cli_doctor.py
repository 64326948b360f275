"""``mien doctor``: does this installation work? A checklist."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import mien
from mien.apps.terminal import FAILED, OK, console, printable
from mien.errors import MienError
from mien.io.cores import available_cores
from mien.models import OWN_MODELS_VARIABLE, list_specs
from mien.tasks.pipeline import Analyzer


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the checklist; ``ok`` is ``None`` for what is merely good to know."""

    title: str
    ok: bool | None
    said: str


def doctor() -> int:
    """Print the checklist; return the exit code."""
    out = console()
    findings = [finding for check in CHECKS for finding in _safely(check)]
    for finding in findings:
        mark = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: "[dim]·[/]"}[finding.ok]
        out.print(mark, f"[bold]{finding.title}[/]", end="  ")
        out.print(printable(finding.said), markup=False)
    wrong = sum(finding.ok is False for finding in findings)
    out.print(f"{wrong} of {len(findings)} checks failed" if wrong else "all is well", style="bold")
    return FAILED if wrong else OK


def _safely(check: Callable[[], list[Finding]]) -> list[Finding]:
    """A check that itself breaks is a finding, not a crash: that is what a doctor is for."""
    try:
        return check()
    except Exception as error:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        return [Finding(name, False, f"{type(error).__name__}: {error}")]


def check_python() -> list[Finding]:
    """Python and mien."""
    version = ".".join(map(str, sys.version_info[:3]))
    return [
        Finding("mien", True, mien.__version__),
        Finding("Python", sys.version_info >= (3, 11), f"{version} ({sys.executable})"),
    ]


def check_runtime() -> list[Finding]:
    """The inference runtime and its devices."""
    import onnxruntime

    providers = onnxruntime.get_available_providers()
    found = "CPUExecutionProvider" in providers
    return [Finding("onnxruntime", found, f"{onnxruntime.__version__}: {', '.join(providers)}")]


def check_models() -> list[Finding]:
    """Every weight file against its sha256."""
    specs = list_specs()
    broken = []
    for spec in specs:
        try:
            spec.verify()
        except (MienError, OSError) as error:
            broken.append(Finding(f"model {spec.name}", False, str(error)))
    total = sum(spec.weights.bytes for spec in specs) / 1e6
    good = len(specs) - len(broken)
    return [
        Finding("models", bool(specs), f"{good} of {len(specs)} whole, {total:.1f} MB"),
        *broken,
    ]


def check_run() -> list[Finding]:
    """All default tasks on a picture that shows nothing."""
    analyzer = Analyzer(threads=1)
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    analysis = analyzer.analyze(noise)
    faces = len(analysis.found)
    findings = [
        Finding("analysis", faces == 0, f"{', '.join(analyzer.task_names)}: {faces} faces in noise")
    ]
    return findings + [
        Finding(f"without {task}", None, reason) for task, reason in analyzer.skipped.items()
    ]


def check_extras() -> list[Finding]:
    """What can be installed besides."""
    extras = {
        "pandas": "mien[pandas]: tables",
        "pillow-heif": "mien[heif]: HEIC pictures",
        "mien-weights-research": "research weights",
    }
    findings = []
    for name, what in extras.items():
        try:
            findings.append(Finding(what, True, f"{name} {importlib.metadata.version(name)}"))
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(what, None, f"{name} is not installed"))
    return findings


def check_machine() -> list[Finding]:
    """Cores, folders, own models."""
    findings = [Finding("cores", True, str(available_cores()))]
    try:
        with tempfile.TemporaryFile(dir=os.getcwd()):
            pass
        findings.append(Finding("this folder", True, f"{os.getcwd()} can be written"))
    except OSError as error:
        findings.append(Finding("this folder", None, f"cannot be written: {error.strerror}"))
    own = os.environ.get(OWN_MODELS_VARIABLE)
    return [*findings, *([] if own is None else [Finding("own models", True, own)])]


CHECKS = (check_python, check_runtime, check_models, check_run, check_extras, check_machine)
