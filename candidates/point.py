"""Point: what a training has seen of itself at one time."""

from candidates.value import Value


class Point(Value):
    """`loss` is the mean since the point before; `accuracy` the last one measured since then, in
    percent, if there was one.
    """

    step: int
    loss: float
    accuracy: float | None = None
