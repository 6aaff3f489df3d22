"""Widths: the inner channel groups of a run of operators that may shrink unseen from outside."""

from collections.abc import Iterator

from torch import fx, nn

from candidates.graph import Graph
from candidates.neighbourhood import Width

LINEAR = (nn.Conv2d, nn.Linear)
BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm2d)
CHANNELWISE = (
    nn.ReLU, nn.ReLU6, nn.SiLU, nn.GELU, nn.Hardswish, nn.LeakyReLU, nn.Identity,
    nn.Dropout, nn.Dropout2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d,
)  # fmt: skip
"""Modules that treat every channel alike and on its own, without a parameter."""


def find_widths(graph: Graph, nodes: list[fx.Node]) -> tuple[Width, ...]:
    """Every width that is produced, carried and consumed within `nodes`, in their order.

    A producer's output is followed through what keeps channels apart until it reaches linear
    consumers; a path that leaves `nodes` or meets any other operator leaves the width fixed.
    """
    search = _Search(graph, nodes)
    found = (search.width_from(node) for node in nodes if is_linear(graph, node))
    return tuple(width for width in found if width is not None)


def is_linear(graph: Graph, node: fx.Node) -> bool:
    """Whether a node is an ungrouped convolution or a linear layer."""
    module = graph.module_of(node)
    return isinstance(module, LINEAR) and getattr(module, "groups", 1) == 1


class _Search:
    def __init__(self, graph: Graph, nodes: list[fx.Node]) -> None:
        self.graph = graph
        self.inside = set(nodes) - {nodes[-1]}
        self.last = nodes[-1]
        targets = [str(node.target) for node in graph.nodes if node.op == "call_module"]
        self.shared = {target for target in targets if targets.count(target) > 1}

    def width_from(self, producer: fx.Node) -> Width | None:
        size = int(next(_weights(self.graph, producer)).shape[0])
        reached = self._follow(producer)
        if size < 2 or reached is None or str(producer.target) in self.shared:
            return None
        carriers = tuple(_targets(self.graph, reached, BATCH_NORM))
        consumers = tuple(_targets(self.graph, reached, LINEAR))
        if self.shared.intersection((*carriers, *consumers)):
            return None
        name = str(producer.target)
        return Width(
            name=name, size=size, producers=(name,), carriers=carriers, consumers=consumers
        )

    def _follow(self, start: fx.Node) -> list[fx.Node] | None:
        """The carriers and consumers behind `start`, or None where its channels must stay."""
        reached: list[fx.Node] = []
        frontier = [start]
        while frontier:
            node = frontier.pop()
            if node not in self.inside:
                return None
            for user in node.users:
                if is_linear(self.graph, user) and (user in self.inside or user is self.last):
                    reached.append(user)
                elif isinstance(self.graph.module_of(user), BATCH_NORM + CHANNELWISE):
                    reached.append(user)
                    frontier.append(user)
                else:
                    return None
        return reached


def _weights(graph: Graph, node: fx.Node) -> Iterator[nn.Parameter]:
    module = graph.module_of(node)
    if module is not None:
        yield from module.parameters()


def _targets(graph: Graph, nodes: list[fx.Node], kinds: tuple[type, ...]) -> Iterator[str]:
    yield from dict.fromkeys(
        str(node.target) for node in nodes if isinstance(graph.module_of(node), kinds)
    )
