"""thermox: the exact Ornstein-Uhlenbeck process, sampled at the times of the steps.

It applies to linear drift only, dx = -A x dt + N(0, 2 kT dt) with A = diag(k) - J. It has no
error of the time step, so that its law differs from Euler-Maruyama's by O(h). The library
returns the whole path, of which the end is kept; blocks of chains bound its memory.
"""

from __future__ import annotations

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import thermox

from samplers import NotApplicable
from samplers.jax_common import CHAINS_FIRST, LocalRun, ShardedSampler, lane_choices
from work import Work

LAW = "exact"


DISTRIBUTIONS = ("thermox", "jax")


def samplers(work: Work, threads: int) -> list[ShardedSampler]:
    """Candidates: sequential or associative scan, size of the blocks."""
    del threads  # the devices stand for them
    if work.has_quartic:
        raise NotApplicable("thermox samples linear drift only, and this work has quartic terms")
    if work.temperature == 0.0:
        raise NotApplicable("thermox needs a diffusion matrix of full rank: temperature > 0")
    linear = np.diag(work.stiffness) - work.coupling_matrix()
    diffusion = 2.0 * work.temperature * np.eye(work.units, dtype=np.float32)
    # The decomposition is done once, outside the time.
    drift_y, diffusion_y = thermox.utils.preprocess(jnp.asarray(linear), jnp.asarray(diffusion))
    zero = jnp.zeros(work.units, jnp.float32)

    def runner(lanes: int, associative: bool) -> LocalRun:
        def run_block(key: jax.Array, steps: int) -> jax.Array:
            times = jnp.arange(steps + 1, dtype=jnp.float32) * jnp.float32(work.time_step)

            def end(own: jax.Array) -> jax.Array:
                path = thermox.sample(
                    own, times, zero, drift_y, zero, diffusion_y, associative_scan=associative
                )
                return path[-1]

            return jax.vmap(end)(jax.random.split(key, lanes))

        return run_block

    return [
        ShardedSampler(
            work,
            f"{'associative' if associative else 'sequential'} scan, blocks of {lanes} chains",
            runner(lanes, associative),
            lanes,
            CHAINS_FIRST,
            static_steps=True,
        )
        for associative, lanes in product((False, True), lane_choices(work, (64, 256)))
    ]
