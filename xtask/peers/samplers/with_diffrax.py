"""diffrax: `Euler` with an `UnsafeBrownianPath`, its quickest noise for a fixed step.

Candidates: one solve per chain under `vmap`, and one solve whose state is a block of chains.
"""

from __future__ import annotations

from itertools import product

import diffrax
import jax
import jax.numpy as jnp
import lineax

from samplers.jax_common import CHAINS_FIRST, Drift, LocalRun, ShardedSampler, drift, lane_choices
from work import Work

DISTRIBUTIONS = ("diffrax", "jax")


def _solve(
    work: Work, force: Drift, shape: tuple[int, ...], key: jax.Array, steps: jax.Array
) -> jax.Array:
    """The state after `steps` steps, of the given shape."""
    # Time counts steps, so that the sum of the steps is exact in float32 and no rounding adds a
    # last tiny one.
    noise = diffrax.UnsafeBrownianPath(jax.ShapeDtypeStruct(shape, jnp.float32), key)
    amplitude = lineax.DiagonalLinearOperator(jnp.full(shape, work.noise_scale, jnp.float32))
    terms = diffrax.MultiTerm(
        diffrax.ODETerm(lambda t, x, args: work.time_step * force(x)),
        diffrax.ControlTerm(lambda t, x, args: amplitude, noise),
    )
    solution = diffrax.diffeqsolve(
        terms,
        diffrax.Euler(),
        t0=jnp.float32(0.0),
        t1=steps.astype(jnp.float32),
        dt0=jnp.float32(1.0),
        y0=jnp.zeros(shape, jnp.float32),
        saveat=diffrax.SaveAt(t1=True),
        adjoint=diffrax.ForwardMode(),
        max_steps=None,
        throw=False,
    )
    return solution.ys[0]


def _per_chain(work: Work, force: Drift, lanes: int) -> LocalRun:
    """One solve per chain, all of a block under `vmap`."""

    def run_block(key: jax.Array, steps: jax.Array) -> jax.Array:
        keys = jax.random.split(key, lanes)
        return jax.vmap(lambda own: _solve(work, force, (work.units,), own, steps))(keys)

    return run_block


def _per_block(work: Work, force: Drift, lanes: int) -> LocalRun:
    """One solve whose state is a whole block of chains."""
    shape = (lanes, work.units)
    return lambda key, steps: _solve(work, jax.vmap(force), shape, key, steps)


def samplers(work: Work, threads: int) -> list[ShardedSampler]:
    """Candidates: route of J, state of a solve, size of the blocks."""
    del threads  # the devices stand for them
    forms = {"vmap over chains": _per_chain, "one solve per block": _per_block}
    return [
        ShardedSampler(
            work,
            f"{route}, {form}, blocks of {lanes} chains",
            forms[form](work, drift(work, route), lanes),
            lanes,
            CHAINS_FIRST,
        )
        for route, form, lanes in product(work.routes, forms, lane_choices(work, (256, 0)))
    ]
