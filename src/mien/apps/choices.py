"""What several commands let one choose, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Pictures = Annotated[list[Path], typer.Argument(help="Pictures and folders.", show_default=False)]
Where = Annotated[Path, typer.Argument(help="The gallery: a folder or URL.", show_default=False)]
At = Annotated[
    Path, typer.Option("--gallery", "-g", help="The gallery: a folder or URL.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on a terminal too.")]
JsonFile = Annotated[
    str | None, typer.Option("--json", help="Write JSON to this file; - is stdout.")
]
Reason = Annotated[str, typer.Option(help="Why, for the audit log.")]
Cache = Annotated[
    Path | None, typer.Option(help="Keep analyses in this folder (default: the user's cache).")
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Keep nothing, and use nothing that was kept.")
]
Seed = Annotated[int, typer.Option(help="Of everything that is drawn at random.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Pictures at once; default all cores.")
]
Device = Annotated[
    str, typer.Option(help="cpu, cuda, openvino ...; one that is not there is an error.")
]
Embedder = Annotated[
    str | None, typer.Option(help="Recognition model, or your own spec file.", show_default=False)
]
On = Annotated[
    str | None, typer.Option(help="ray, ray:auto or ray://host:10001: a bulk job; with --shards.")
]
Shards = Annotated[
    Path | None, typer.Option(help="Folder of Parquet shards that a bulk job writes and resumes.")
]
