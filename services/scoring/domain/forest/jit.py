"""How the kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compiled at its first call, or taken from the cache on disk: NUMBA_CACHE_DIR, or the folder of the source, or the
    user's cache. Without the GIL; without reordering of sums, which would change doubles.

    numba refuses to decorate where it can write to none of these: there it compiles in each process.
    """
    try:
        return cast("F", numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:
        return cast("F", numba.njit(nogil=True)(function))


def inlined(function: F) -> F:
    """For what kernels call in inner loops: copied into them, as a call would count references to every array."""
    return cast("F", numba.njit(inline="always")(function))


def _count_trailing_zeros(_: Any, mask: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return numba.types.uint64(mask), generate


lowest_bit = cast("Callable[[np.uint64], np.uint64]", intrinsic(_count_trailing_zeros))
"""Index of the lowest set bit; 64 where none is set."""
