"""Low rank: the best two thin matrices in the place of one, for the inputs that it gets."""

import torch
from torch import Tensor

SMALLEST = 1e-30


def factors(gram: Tensor, weight: Tensor, gain: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Up [o, r] and down [r, d] with the least mean of ‖D(W − up·down)h‖² over inputs of Gram G
    [d, d], for W [o, d] and D = diag(gain [o]); float64, G positive definite.

    With G = LLᵀ and the right singular vectors V of the r largest singular values of DWL it is
    up·down = WLV·VᵀL⁻¹ (Eckart and Young, 1936, for whitened inputs). Rows of down and columns of
    up are scaled to the same norm, so that both learn alike.
    """
    root = torch.linalg.cholesky(gram)
    whitened = weight @ root
    values = torch.linalg.svd(gain.unsqueeze(1) * whitened, full_matrices=False)
    right = values.Vh[:rank]
    up = whitened @ right.T
    down = torch.linalg.solve_triangular(root, right, upper=False, left=False)
    scale = (down.norm(dim=1).clamp(min=SMALLEST) / up.norm(dim=0).clamp(min=SMALLEST)).sqrt()
    scale = torch.where(up.norm(dim=0) > 0, scale, 1)
    return up * scale, down / scale.unsqueeze(1)


def saves(outputs: int, columns: int, rank: int) -> bool:
    """Whether two factors have fewer weights than their product."""
    return rank * (outputs + columns) < outputs * columns
