"""A server as one writes it in five minutes: every request runs its own inference, in a thread."""

from __future__ import annotations

import argparse

import uvicorn
from fastapi import FastAPI, File

from mien import Analyzer

app = FastAPI()
analyzer = Analyzer(threads=1)


@app.get("/v1/ready")
def ready() -> str:
    return "ready"


@app.post("/v1/analyze")
def analyze(image: bytes = File()) -> dict[str, object]:
    return analyzer.analyze(image).to_dict()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(app, port=parser.parse_args().port, log_level="warning", access_log=False)
