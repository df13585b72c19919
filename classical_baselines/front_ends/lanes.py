# classical_baselines/front_ends/lanes.py
"""Eight numbers abreast: a type for numba whose values are vectors of eight 32-bit floats.

    a = load(values, first)       values[first], ..., values[first + 7], one in each lane
    a + b, a - b, a * b, a * w    lane by lane; w is one 32-bit float for all lanes
    store(values, first, a)

Numba leaves it to the compiler to find out which loops can be computed as vectors, and the compiler declines where it
cannot rule out that one row of an array overlaps another. Here a vector is a value, and there is nothing to rule out.
A processor with narrower vectors computes each in several parts. The array is one axis of 32-bit floats without gaps;
indices are not checked.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable
from numba.np.arrayobj import make_array

N_LANES = 8

_VECTOR = ir.VectorType(ir.FloatType(), N_LANES)


class Lanes(types.Type):
    """The type of eight 32-bit floats."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes({N_LANES} x float32)")


LANES = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, _VECTOR)


def _arithmetic(operation: Callable[[Any, Any], Any], instruction: str) -> None:
    """Make numba compute an operation of two values of lanes by an instruction of LLVM's."""

    @type_callable(operation)  # type: ignore[untyped-decorator]
    def _type(context: Any) -> Callable[[Any, Any], Any]:
        del context
        return lambda a, b: LANES if a == b == LANES else None

    @lower_builtin(operation, LANES, LANES)  # type: ignore[untyped-decorator]
    def _compute(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        del context, signature
        return getattr(builder, instruction)(*values)


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")


@type_callable(operator.mul)  # type: ignore[untyped-decorator]
def _type_scaled(context: Any) -> Callable[[Any, Any], Any]:
    del context
    return lambda a, weight: LANES if a == LANES and weight == types.float32 else None


@lower_builtin(operator.mul, LANES, types.float32)  # type: ignore[untyped-decorator]
def _scaled(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    del context, signature
    return builder.fmul(values[0], _everywhere(builder, values[1]))


def _everywhere(builder: Any, number: Any) -> Any:
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, ir.IntType(32)(0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), N_LANES), [0] * N_LANES))


def _address(context: Any, builder: Any, array_type: Any, array: Any, first: Any) -> Any:
    data = make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [first]), _VECTOR.as_pointer())


@intrinsic  # type: ignore[untyped-decorator]
def load(typing_context: Any, values: Any, first: Any) -> Any:
    """The numbers values[first : first + 8]."""
    del typing_context, first

    def compute(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature.args[0], *arguments), align=4)

    return LANES(values, types.intp), compute


@intrinsic  # type: ignore[untyped-decorator]
def store(typing_context: Any, values: Any, first: Any, lanes: Any) -> Any:
    """Write values[first : first + 8]."""
    del typing_context, first, lanes

    def compute(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1])
        builder.store(arguments[2], address, align=4)
        return context.get_dummy_value()

    return types.void(values, types.intp, LANES), compute
