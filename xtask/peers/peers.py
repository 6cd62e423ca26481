"""Times the same overdamped Langevin work in NumPy, PyTorch, JAX, diffrax and thermox.

    python peers.py WORKDIR --threads N [--implementations numpy,torch] [--seconds S]
    python peers.py --normals --threads N [--implementations numpy,jax] [--seconds S]

Prints one JSON object. Every implementation runs in a process of its own; one that cannot run
is listed under `skipped` with the reason. Exit code 2: the request or the work is faulty.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("worker.py")


class RequestError(Exception):
    """The command line asks for something impossible; the message is one line."""


def parse() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workdir", nargs="?", type=Path, help="folder with work.json and arrays")
    parser.add_argument("--threads", type=int, required=True, help="cores and threads to use")
    parser.add_argument("--implementations", help="comma-separated; all by default")
    parser.add_argument("--seconds", type=float, default=5.0, help="time of each (default 5)")
    parser.add_argument("--normals", action="store_true", help="time plain normals instead")
    parser.add_argument(
        "--patience", type=float, default=900.0, help="seconds before one is given up (900)"
    )
    return parser.parse_args()


def chosen(arguments: argparse.Namespace) -> list[str]:
    """Checks the request and returns the implementations to time."""
    try:
        from samplers import MODULES, WITH_NORMALS
        from work import WorkError, load
    except ImportError as error:
        raise RequestError(f"NumPy is needed: {error}") from error

    cores = len(os.sched_getaffinity(0))
    if not 1 <= arguments.threads <= cores:
        raise RequestError(f"--threads must be from 1 to {cores} here, got {arguments.threads}")
    if not 0 <= arguments.seconds < float("inf"):
        raise RequestError(f"--seconds must be finite and >= 0, got {arguments.seconds}")
    known = WITH_NORMALS if arguments.normals else tuple(MODULES)
    names = arguments.implementations.split(",") if arguments.implementations else list(known)
    for name in names:
        if name not in known:
            raise RequestError(f"--implementations: {name!r} is none of {', '.join(known)}")
    if arguments.normals == (arguments.workdir is not None):
        raise RequestError("give either a WORKDIR or --normals")
    if not arguments.normals:
        try:
            load(arguments.workdir)
        except WorkError as error:
            raise RequestError(str(error)) from error
    return names


def ask(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """The worker's answer for one implementation."""
    command = [sys.executable, str(WORKER), name, f"--threads={arguments.threads}"]
    command.append(f"--seconds={arguments.seconds}")
    if arguments.workdir is not None:
        command.append(f"--folder={arguments.workdir}")
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=arguments.patience, check=False
        )
    except subprocess.TimeoutExpired:
        return {"skipped": f"no answer within {arguments.patience:g} s"}
    try:
        return json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines()
        last = lines[-1] if lines else "no message"
        return {"skipped": f"ended with code {done.returncode}: {last}"}


def main() -> int:
    """Entry point; returns the exit code."""
    arguments = parse()
    try:
        names = chosen(arguments)
    except RequestError as error:
        print(f"peers: {error}", file=sys.stderr)
        return 2
    results, skipped = [], []
    for name in names:
        reply = ask(name, arguments)
        if "result" in reply:
            results.append(reply["result"])
        else:
            skipped.append({"implementation": name, "reason": reply["skipped"]})
    report = {
        "python": platform.python_version(),
        "threads": arguments.threads,
        "normals" if arguments.normals else "results": results,
        "skipped": skipped,
    }
    print(json.dumps(report, indent=2, allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
