# classical_baselines/compiled/lanes.py
"""Numbers abreast: types for numba whose values are vectors of 64 bytes, sixteen 32-bit or eight 64-bit floats.

    a = load(values, first)       values[first], values[first + 1], ..., one in each lane
    b = spread(number)            the same number in every lane
    a + b, a - b, a * b           lane by lane; a product and a sum may become one rounding (FMA)
    store(values, first, a)

Numba leaves it to the compiler to find out which loops can be computed as vectors, and the compiler declines where it
cannot rule out that one row of an array overlaps another. Here a vector is a value, and there is nothing to rule out.
A processor with narrower vectors computes each in several parts. The array is one axis of floats without gaps; indices
are not checked.

`front_ends/lanes.py` has eight 32-bit floats of its own: every stored cell on a compiled mel picture is keyed by that
file, and this one takes its place when those cells are next computed. Numba keeps compiled code by the file that calls
these functions: after a change here, delete the `__pycache__` of the files that import it.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable
from numba.np.arrayobj import make_array

N_LANES: Mapping[Any, int] = {np.dtype(np.float32): 16, np.dtype(np.float64): 8}  # one cache line


class Lanes(types.Type):
    """The type of a vector of floats."""

    def __init__(self, number: Any, n_lanes: int) -> None:
        super().__init__(name=f"Lanes({n_lanes} x {number})")
        self.number, self.n_lanes = number, n_lanes

    @property
    def vector(self) -> Any:
        """The compiler's own type."""
        return ir.VectorType(ir.FloatType() if self.number == types.float32 else ir.DoubleType(), self.n_lanes)


_LANES = {number: Lanes(number, N_LANES[np.dtype(number.name)]) for number in (types.float32, types.float64)}


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.vector)


def _arithmetic(operation: Callable[[Any, Any], Any], instruction: str) -> None:
    """Make numba compute an operation of two vectors by an instruction of LLVM's."""

    @type_callable(operation)  # type: ignore[untyped-decorator]
    def _type(context: Any) -> Callable[[Any, Any], Any]:
        del context
        return lambda a, b: a if isinstance(a, Lanes) and a == b else None

    @lower_builtin(operation, Lanes, Lanes)  # type: ignore[untyped-decorator]
    def _compute(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        del context, signature
        return getattr(builder, instruction)(*values, flags=("contract",))


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")


@intrinsic  # type: ignore[untyped-decorator]
def spread(typing_context: Any, number: Any) -> Any:
    """The number in every lane."""
    del typing_context
    lanes = _LANES[number]

    def compute(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        first = builder.insert_element(ir.Constant(lanes.vector, ir.Undefined), arguments[0], ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), lanes.n_lanes), [0] * lanes.n_lanes)
        return builder.shuffle_vector(first, first, order)

    return lanes(number), compute


@intrinsic  # type: ignore[untyped-decorator]
def load(typing_context: Any, values: Any, first: Any) -> Any:
    """The numbers from values[first] on."""
    del typing_context, first
    lanes = _LANES[values.dtype]

    def compute(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments)
        return builder.load(address, align=lanes.number.bitwidth // 8)

    return lanes(values, types.intp), compute


@intrinsic  # type: ignore[untyped-decorator]
def store(typing_context: Any, values: Any, first: Any, numbers: Any) -> Any:
    """Write them from values[first] on."""
    del typing_context, first, numbers
    lanes = _LANES[values.dtype]

    def compute(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1])
        builder.store(arguments[2], address, align=lanes.number.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(values, types.intp, lanes), compute


def _address(context: Any, builder: Any, array_type: Any, array: Any, first: Any) -> Any:
    data = make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [first]), _LANES[array_type.dtype].vector.as_pointer())
