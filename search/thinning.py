"""Thinning: as many points of a long curve as a person can use."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def evenly(costs: ArrayLike, values: ArrayLike, most: int) -> list[int]:
    """Indices of at most `most` points, both ends among them, at even distances along the curve.

    Distances are those in a square picture that the curve fills; a gap in the curve leaves fewer.
    """
    places = np.asarray([_unit(costs), _unit(values)])
    num_points = places.shape[1]
    if most >= num_points:
        return list(range(num_points))
    along = np.append(0.0, np.cumsum(np.hypot(*np.diff(places, axis=1))))
    wanted = np.linspace(0, along[-1], most)
    right = np.searchsorted(along, wanted).clip(1, num_points - 1)
    nearer_left = wanted - along[right - 1] <= along[right] - wanted
    nearest = np.where(nearer_left, right - 1, right)
    nearest[[0, -1]] = 0, num_points - 1
    found: list[int] = np.unique(nearest).tolist()
    return found


def _unit(values: ArrayLike) -> NDArray[np.float64]:
    given: NDArray[np.float64] = np.asarray(values, dtype=float)
    extent = float(np.ptp(given)) or 1.0
    places: NDArray[np.float64] = (given - given.min()) / extent
    return places
