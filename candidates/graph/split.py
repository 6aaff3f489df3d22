"""Split: cut a teacher into neighbourhoods, and say what was left out and why."""

from collections.abc import Collection, Mapping, Sequence

from torch import Tensor

from candidates.errors import InvalidRecipe, UnsplittableTeacher
from candidates.graph.axes import leaves
from candidates.graph.blocks import blocks
from candidates.graph.follow import Axes
from candidates.graph.neighbourhood import LeftOut, Neighbourhood, Split, Width
from candidates.graph.notes import notes_on
from candidates.graph.pairs import layers, pairs
from candidates.graph.program import Call, Program
from candidates.graph.regions import Region, Regions
from candidates.graph.widths import AxisWidth, find_widths, is_weighted
from candidates.recipe import Granularity

OUTSIDE = "It lies in no neighbourhood: its own shape and those around it are fixed."
BEYOND = "Its width reaches beyond its neighbourhood."


class Splitter:
    """Splits one program at any granularity; `widths` are all that it has, inside or not."""

    def __init__(self, program: Program, tensors: Mapping[str, Tensor], axes: Axes) -> None:
        self.program = program
        self.axes = axes
        self.widths = find_widths(program, axes)
        self.regions = Regions(program, axes)
        self.num_parameters = {
            name: tensors[name].numel()
            for name in program.tensors()
            if name not in set(program.buffers)
        }
        self.num_weights = {
            name: count for name, count in self.num_parameters.items() if tensors[name].dim() > 1
        }

    def split(self, granularity: Granularity = "block") -> Split:
        """Neighbourhoods at a granularity, in the order of their outputs.

        Raises UnsplittableTeacher if none has a width (at `layer` granularity none needs one),
        and InvalidRecipe for a listed module that is not a region.
        """
        if self.program.output not in self.regions.moving:
            raise UnsplittableTeacher("The teacher's output does not depend on its images.")
        regions = self._regions(granularity)
        chain = set(self.regions.chain())
        found = [self._neighbourhood(region, chain) for region in regions]
        if granularity != "layer" and not any(each.widths for each in found):
            raise UnsplittableTeacher(
                "The teacher has no inner width that could shrink without changing the shape of a "
                "neighbourhood's input or output. " + self._excuse()
            )
        named = _distinct(found)
        return Split(
            neighbourhoods=tuple(
                each.model_copy(update={"index": index}) for index, each in enumerate(named)
            ),
            left_out=tuple(self._left_out(named)),
            coverage=self._share({name for each in regions for name in self._tensors(each)}),
            shrinkable=self._share(self._touched(named)),
            unknown_operators=self.axes.unknown,
            notes=notes_on(self.program),
        )

    def inside(self, region: Region) -> list[AxisWidth]:
        """The widths that live in a region."""
        return [width for width in self.widths if width.calls <= region.calls]

    def _regions(self, granularity: Granularity) -> list[Region]:
        if granularity == "block":
            return blocks(self)
        if granularity == "pair":
            return pairs(self)
        if granularity == "layer":
            return layers(self)
        if isinstance(granularity, int):
            return blocks(self, granularity)
        return self._all_listed(granularity)

    def _all_listed(self, paths: Sequence[str]) -> list[Region]:
        regions = [self._listed(path) for path in paths]
        taken: set[str] = set()
        for path, region in zip(paths, regions, strict=True):
            own = region.calls & self.regions.moving.keys()
            if own & taken:
                raise InvalidRecipe(
                    f"granularity names '{path}', part of which lies in another module that it "
                    "names. Name each part once."
                )
            taken |= own
        return sorted(regions, key=lambda region: self.regions.order[region.output])

    def _listed(self, path: str) -> Region:
        calls = self.regions.of_scope(path)
        if not calls:
            raise InvalidRecipe(f"granularity names '{path}', which is no module that is run.")
        region = self.regions.around(calls)
        if region is None or not region.calls & self.regions.moving.keys() <= calls:
            raise InvalidRecipe(
                f"granularity names '{path}', which has more than one input or output, so it "
                "cannot be replaced on its own."
            )
        return region

    def _neighbourhood(self, region: Region, chain: set[str]) -> Neighbourhood:
        names = self.program.names()
        before = names[: names.index(region.input) + 1]
        tensors = self._tensors(region)
        modules = dict.fromkeys(map(_home, tensors))
        widths = self.inside(region)
        return Neighbourhood(
            name=self._name(region, list(modules)),
            index=0,
            input=region.input,
            output=region.output,
            cut=next(name for name in reversed(before) if name in chain),
            modules=tuple(modules),
            widths=tuple(_plain(width) for width in widths),
            num_parameters=sum(self.num_parameters[name] for name in tensors),
        )

    def _name(self, region: Region, modules: Sequence[str]) -> str:
        """The path of the module that holds all weights inside and none outside; otherwise the
        first and the last module with weights.
        """
        calls = [call for call in self.program.calls if call.name in region.calls]
        weighted = dict.fromkeys(_module(call) for call in calls if is_weighted(call))
        inside = list(weighted) or list(modules) or [region.output]
        path = _common_path(inside)
        everywhere = {_module(call) for call in self.program.calls if is_weighted(call)}
        outside = everywhere - set(inside)
        if path and not any(name.startswith(path + ".") for name in outside):
            return path
        return inside[0] if len(inside) == 1 else f"{inside[0]}…{inside[-1]}"

    def _tensors(self, region: Region) -> list[str]:
        """The parameters that are read inside a region, in order."""
        calls = (call for call in self.program.calls if call.name in region.calls)
        read = dict.fromkeys(name for call in calls for name in call.tensors())
        return [name for name in read if name in self.num_parameters]

    def _touched(self, neighbourhoods: Sequence[Neighbourhood]) -> set[str]:
        names = {width.name for each in neighbourhoods for width in each.widths}
        return {
            tensor for width in self.widths if width.name in names for tensor in width.tensors
        } & self.num_parameters.keys()

    def _left_out(self, neighbourhoods: Sequence[Neighbourhood]) -> list[LeftOut]:
        missing = self.num_parameters.keys() - self._touched(neighbourhoods)
        inside = {module for each in neighbourhoods for module in each.modules}
        touched = {_home(name) for name in self.num_parameters if name not in missing}
        found: dict[str, list[str]] = {}
        for name in (name for name in self.num_parameters if name in missing):
            found.setdefault(_home(name), []).append(name)
        return [
            LeftOut(
                module=module,
                parameters=tuple(names) if module in touched else (),
                num_parameters=sum(self.num_parameters[name] for name in names),
                reason=self._reason(names[0], BEYOND if module in inside else OUTSIDE),
            )
            for module, names in found.items()
        ]

    def _reason(self, tensor: str, free: str) -> str:
        """Why a parameter cannot shrink; `free` if it could, but not inside a neighbourhood."""
        for term in self.axes.tensors[tensor]:
            for leaf in leaves(term):
                if leaf.size > 1 and not leaf.fixed:
                    return free
        reasons = [leaf.fixed for term in self.axes.tensors[tensor] for leaf in leaves(term)]
        return next((reason for reason in reasons if reason), free)

    def _excuse(self) -> str:
        known = sorted(self.axes.unknown)
        return f"These operators are not understood: {', '.join(known)}." if known else ""

    def _share(self, tensors: Collection[str]) -> float:
        """Of all parameters; one that several neighbourhoods read counts once."""
        return sum(map(self.num_parameters.__getitem__, tensors)) / max(
            1, sum(self.num_parameters.values())
        )


def _plain(width: AxisWidth) -> Width:
    return Width(
        name=width.name,
        size=width.axis.size,
        producers=width.producers,
        consumers=width.consumers,
        mixed=width.mixed,
        channels=width.channels,
    )


def _home(tensor: str) -> str:
    """The module of a parameter."""
    return tensor.rpartition(".")[0]


def _module(call: Call) -> str:
    """The module whose parameters a call reads first."""
    tensors = call.tensors()
    return tensors[0].rpartition(".")[0] if tensors else call.scope


def _common_path(modules: Sequence[str]) -> str:
    """The longest path that all modules share; "" if there is none."""
    common: list[str] = []
    for steps in zip(*(name.split(".") for name in modules), strict=False):
        if len(set(steps)) > 1:
            break
        common.append(steps[0])
    return ".".join(common)


def _distinct(found: Sequence[Neighbourhood]) -> list[Neighbourhood]:
    """Neighbourhoods whose names differ: of equal ones each says its first and last module."""
    names = [each.name for each in found]
    result = []
    for each in found:
        name = each.name
        if names.count(name) > 1:
            name = f"{each.modules[0]}…{each.modules[-1]}" if each.modules else each.output
        result.append(each.model_copy(update={"name": name}))
    taken: dict[str, int] = {}
    for place, each in enumerate(result):
        count = taken[each.name] = taken.get(each.name, 0) + 1
        if count > 1:
            result[place] = each.model_copy(update={"name": f"{each.name}:{count}"})
    return result
