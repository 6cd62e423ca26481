"""The work that every implementation is given: an energy, a time step and a number of chains.

    E(x) = sum_i (k_i x_i^2 / 2 + q_i x_i^4 / 4) - x^T J x / 2
    x <- x - h grad E(x) + sqrt(2 kT h) xi,   xi ~ N(0, 1),   x = 0 at the start

x is dimensionless, h in units of the relaxation time (mobility 1), kT in units of the energy.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

KINDS = ("dense", "lattice", "low_rank")

# Beyond this many units a full coupling matrix is no serious candidate for a sparse or low-rank
# energy, and its memory (units^2) gets in the way.
LARGEST_MATRIX = 1024


class WorkError(Exception):
    """The folder does not hold a usable work; the message is one line for the user."""


@dataclass(frozen=True)
class Work:
    """One sampling task; arrays are float32 and indexed by unit (row-major on a lattice)."""

    name: str
    kind: str
    units: int
    rows: int
    columns: int
    chains: int
    steps: int
    time_step: float
    temperature: float
    seed: int
    stiffness: Array
    quartic: Array
    couplings: dict[str, Array]

    @property
    def noise_scale(self) -> float:
        """Standard deviation of the noise in one step, sqrt(2 kT h)."""
        return math.sqrt(2.0 * self.temperature * self.time_step)

    @property
    def decay(self) -> Array:
        """Factor 1 - h k of each unit: what one step leaves of x without quartic and couplings."""
        return (1.0 - self.time_step * self.stiffness).astype(np.float32)

    @property
    def has_quartic(self) -> bool:
        """Whether any unit has a quartic term; without it the drift is linear."""
        return bool(np.any(self.quartic))

    @property
    def routes(self) -> list[str]:
        """Ways of applying J worth a trial: the structured one first, then one full matrix."""
        structured = {"dense": "matrix", "lattice": "bonds", "low_rank": "factors"}[self.kind]
        if structured == "matrix" or self.units > LARGEST_MATRIX:
            return [structured]
        return [structured, "matrix"]

    def coupling_matrix(self) -> Array:
        """J as a full `units x units` matrix, float32."""
        if self.kind == "dense":
            return self.couplings["coupling"]
        if self.kind == "low_rank":
            factors, strengths = self.couplings["factors"], self.couplings["strengths"]
            return (factors * strengths) @ factors.T
        upper = sum(np.diag(bonds, offset) for offset, bonds in self.bonds())
        return upper + upper.T

    def bonds(self) -> list[tuple[int, Array]]:
        """The couplings of a lattice as pairs (offset, J between unit i and unit i + offset).

        Bonds that would lead across the border from one row to the next are zero. Shifts of the
        whole vector are one long operation where slices of rows would be many short ones.
        """
        across = np.pad(self.couplings["horizontal"], ((0, 0), (0, 1))).reshape(-1)[:-1]
        down = self.couplings["vertical"].reshape(-1)
        return [(1, across), (self.columns, down)]

    def energies(self, states: Array) -> Array:
        """Energy of every chain, float64, from `states` of shape `chains x units`."""
        x = states.astype(np.float64)
        local = x**2 @ (self.stiffness / 2.0) + x**4 @ (self.quartic / 4.0)
        if self.kind == "dense":
            return local - np.einsum("cu,cu->c", x @ self.couplings["coupling"], x) / 2.0
        if self.kind == "low_rank":
            return local - (x @ self.couplings["factors"]) ** 2 @ (self.couplings["strengths"] / 2)
        sites = x.reshape(-1, self.rows, self.columns)
        horizontal = sites[:, :, :-1] * sites[:, :, 1:] * self.couplings["horizontal"]
        vertical = sites[:, :-1] * sites[:, 1:] * self.couplings["vertical"]
        return local - horizontal.sum(axis=(1, 2)) - vertical.sum(axis=(1, 2))

    def statistics(self, states: Array) -> dict[str, dict[str, float]]:
        """Averages over chains and units of x, x^2, x^4 and E, with standard errors.

        Units of one chain are correlated and chains are not, so the standard errors come from
        the spread of the per-chain means.
        """
        x = states.astype(np.float64)
        per_chain = {
            "mean": x.mean(axis=1),
            "second": (x**2).mean(axis=1),
            "fourth": (x**4).mean(axis=1),
            "energy": self.energies(states) / self.units,
        }
        count = math.sqrt(len(x))
        return {
            "statistics": {key: float(value.mean()) for key, value in per_chain.items()},
            "standard_errors": {
                key: float(value.std(ddof=1) / count) for key, value in per_chain.items()
            },
        }


def load(folder: Path) -> Work:
    """Reads and checks `work.json` and the arrays beside it; raises `WorkError`."""
    header = _read_header(folder / "work.json")
    units, rows, columns = header["units"], header["rows"], header["columns"]
    if header["kind"] == "lattice" and rows * columns != units:
        raise WorkError(f"work.json: {rows} rows x {columns} columns are not {units} units")
    couplings: dict[str, Array]
    if header["kind"] == "dense":
        couplings = {"coupling": _read_array(folder, "coupling", (units, units))}
    elif header["kind"] == "lattice":
        couplings = {
            "horizontal": _read_array(folder, "horizontal", (rows, columns - 1)),
            "vertical": _read_array(folder, "vertical", (rows - 1, columns)),
        }
    else:
        strengths = _read_array(folder, "strengths", (None,))
        couplings = {
            "factors": _read_array(folder, "factors", (units, len(strengths))),
            "strengths": strengths,
        }
    return Work(
        **header,
        stiffness=_read_array(folder, "stiffness", (units,)),
        quartic=_read_array(folder, "quartic", (units,)),
        couplings=couplings,
    )


def _read_header(path: Path) -> dict[str, Any]:
    """The checked entries of `work.json`."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorkError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise WorkError(f"{path} is not JSON: {error}") from error
    if not isinstance(entries, dict):
        raise WorkError(f"{path} must hold one JSON object")
    # Smallest allowed value; two chains are the fewest that have a standard error.
    integers = {"units": 1, "rows": 1, "columns": 1, "chains": 2, "steps": 1, "seed": 0}
    if entries.get("kind") in ("dense", "low_rank"):
        integers |= {"rows": 0, "columns": 0}
    header: dict[str, Any] = {}
    for key in ("name", "kind"):
        if not isinstance(entries.get(key), str):
            raise WorkError(f"{path}: `{key}` must be a string, got {entries.get(key)!r}")
        header[key] = entries[key]
    if header["kind"] not in KINDS:
        raise WorkError(f"{path}: `kind` must be one of {', '.join(KINDS)}, got {header['kind']!r}")
    for key, least in integers.items():
        value = entries.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise WorkError(f"{path}: `{key}` must be an integer >= {least}, got {value!r}")
        header[key] = value
    for key in ("time_step", "temperature"):
        value = entries.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise WorkError(f"{path}: `{key}` must be a number, got {value!r}")
        if not math.isfinite(value) or value < 0 or (key == "time_step" and value == 0):
            bound = "> 0" if key == "time_step" else ">= 0"
            raise WorkError(f"{path}: `{key}` must be finite and {bound}, got {value!r}")
        header[key] = float(value)
    return header


def _read_array(folder: Path, name: str, shape: tuple[int | None, ...]) -> Array:
    """A finite float32 array of the given shape (`None`: any length)."""
    path = folder / f"{name}.npy"
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise WorkError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise WorkError(f"{path} is not a .npy array of numbers") from error
    if array.dtype != np.float32:
        raise WorkError(f"{path} must be float32, got {array.dtype}")
    fits = array.ndim == len(shape) and all(
        expected in (None, actual) for expected, actual in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = " x ".join("any" if size is None else str(size) for size in shape)
        actual = " x ".join(map(str, array.shape)) or "scalar"
        raise WorkError(f"{path} must have the shape {wanted}, got {actual}")
    if not np.isfinite(array).all():
        raise WorkError(f"{path} holds values that are not finite")
    return np.ascontiguousarray(array)
