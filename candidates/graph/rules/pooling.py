"""Pooling, resampling and padding: operators along height and width."""

from candidates.graph.axes import Leaf, Sum, Term, factors_of, fix, is_fixed, product, size_of
from candidates.graph.operators import POOLS
from candidates.graph.rules.registry import rule
from candidates.graph.rules.site import Result, Shape, Site, fixed_all
from candidates.graph.unify import cut_apart, unify


@rule(*{name.split(".")[0] for name in POOLS} - {"grid_sampler"})
def pool(site: Site) -> Result:
    """Slides along the last one, two or three dimensions."""
    terms = site.all_tensors()[0]
    name = site.operator.split(".")[0]
    spatial = next((int(sides) for sides in "13" if f"{sides}d" in name), 2)
    fixed_all(terms[-spatial:], f"'{name}' runs along it.")

    def result(shape: Shape) -> tuple[Term, ...]:
        sides = (site.new_axis(size, f"'{name}' gives it.") for size in shape[-spatial:])
        return (*terms[:-spatial], *sides)

    if isinstance(site.shape, list):
        return [result(shape) for shape in site.shape]
    return result(site.shape)


@rule("grid_sampler")
def grid_sampler(site: Site) -> Result:
    """Images [N, C, H, W] looked up at places [N, H', W', 2] to [N, C, H', W']."""
    reason = "Images are looked up by it."
    terms, places = site.terms("input"), site.terms("grid")
    fixed_all((*terms[2:], *places[1:]), reason)
    unify(terms[0], places[0])
    return (*terms[:2], *(site.new_axis(size, reason) for size in site.result_shape()[2:]))


@rule("pad", "constant_pad_nd", "reflection_pad2d", "replication_pad2d")
def pad(site: Site) -> Result:
    """Adds fixed ranges around the last dimensions."""
    terms = list(site.terms("self"))
    name = site.operator.split(".")[0]
    amounts: list[int] = list(site["pad"] if site["pad"] is not None else site["padding"])
    constant = name == "constant_pad_nd" or (name == "pad" and site["mode"] in (None, "constant"))
    for place in range(len(amounts) // 2):
        before, after = amounts[2 * place], amounts[2 * place + 1]
        if before or after:
            terms[-1 - place] = _padded(terms[-1 - place], before, after, constant)
    return tuple(terms)


def _padded(term: Term, before: int, after: int, constant: bool) -> Term:

    reason = "It is padded."
    if is_fixed(term) or not constant or min(before, after) < 0:
        fix(term, reason)
        return Leaf(size_of(term) + before + after, reason)
    edges = [Leaf(size, reason) if size else None for size in (before, after)]
    return Sum(tuple(part for part in (edges[0], term, edges[1]) if part is not None))


@rule("pixel_shuffle")
def pixel_shuffle(site: Site) -> Result:
    """[N, c·r², H, W] to [N, c, H·r, W·r]."""

    *rest, channels, height, width = site.terms("self")
    factor = int(site["upscale_factor"]) ** 2
    fixed_all((height, width), "Its pixels are shuffled.")
    cut = cut_apart(channels, (size_of(channels) // factor, factor))
    if cut is None:
        fix(channels, "Its pixels are shuffled.")
        cut = (Leaf(size_of(channels) // factor, "Its pixels are shuffled."),)
    else:
        fix(cut[1], "It becomes pixels.")
    sides = (Leaf(size, "Its pixels are shuffled.") for size in site.result_shape()[-2:])
    return (*rest, cut[0], *sides)


@rule("pixel_unshuffle")
def pixel_unshuffle(site: Site) -> Result:
    """[N, c, H·r, W·r] to [N, c·r², H, W]."""
    *rest, channels, height, width = site.terms("self")
    fixed_all((height, width), "Its pixels are unshuffled.")
    pixels = Leaf(int(site["downscale_factor"]) ** 2, "It comes from pixels.")
    sides = (Leaf(size, "Its pixels are unshuffled.") for size in site.result_shape()[-2:])
    return (*rest, product((*factors_of(channels), pixels)), *sides)


@rule("im2col")
def im2col(site: Site) -> Result:
    """[N, C, H, W] to [N, C·kernel, positions]."""
    images, channels, *sides = site.terms("self")
    fixed_all(sides, "Windows slide along it.")
    _, rows, positions = site.result_shape()

    kernel = Leaf(rows // size_of(channels), "It is a window.")
    return (images, product((channels, kernel)), site.new_axis(positions, "It counts windows."))


@rule("col2im")
def col2im(site: Site) -> Result:
    """[N, C·kernel, positions] to [N, C, H, W]."""
    images, rows, positions = site.terms("self")
    fix(positions, "It counts windows.")
    _, num_channels, *sides = site.result_shape()
    channels = site.new_axis(num_channels)
    kernel = Leaf(size_of(rows) // num_channels, "It is a window.")
    unify(rows, product((channels, kernel)))
    return (images, channels, *(site.new_axis(side, "Windows slide along it.") for side in sides))
