"""Notes: what is unusual in a program and shows only later, in sentences."""

from collections.abc import Sequence

from candidates.graph.program import Call, Program
from candidates.graph.signature import BATCH_NORM, named, tensor_in

NUM_NAMED = 3


def notes_on(program: Program) -> tuple[str, ...]:
    """One sentence for each thing that whoever trains a student has to know."""
    still = [name for name in map(_still_norm, program.calls) if name is not None]
    return (_about_momentum(still),) if still else ()


def _still_norm(call: Call) -> str | None:
    """The module of a BatchNorm whose statistics training does not move; momentum=None, the
    cumulative average, is 0 as well in the eval mode in which networks are traced.
    """
    if call.operator != "batch_norm.default":
        return None
    given = named(call, BATCH_NORM)
    mean = tensor_in(given.get("running_mean"))
    return mean.rpartition(".")[0] if mean is not None and given.get("momentum") == 0 else None


def _about_momentum(norms: Sequence[str]) -> str:
    listed = ", ".join(f"'{name}'" for name in norms[:NUM_NAMED])
    listed += f" and {len(norms) - NUM_NAMED} more" if len(norms) > NUM_NAMED else ""
    return (
        "BatchNorms with momentum 0, or None, whose statistics do not move in train mode: "
        f"{listed}. "
        "Set their momentum, such as to 0.1, before the network is sent, if students are to be "
        "trained."
    )
