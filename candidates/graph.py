"""Graph: a network as the operators it runs, and the parts between two of its cuts."""

import copy
from collections.abc import Iterator

from torch import fx, nn

from candidates.errors import UnsplittableTeacher

INPUT = "input"
"""The name of the cut before the first operator."""


class Graph:
    """The traced operators of a network, in the order in which they run.

    A *cut* is an operator after which exactly one tensor is alive; it is named by its node. The
    parts between cuts share their modules with the network and keep its parameter names.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        tracer = fx.Tracer()
        try:
            graph = tracer.trace(network)
        except Exception as exc:  # the tracer runs foreign code and documents no error type
            raise UnsplittableTeacher(
                f"{type(network).__name__} cannot be traced: {exc}. Its forward must not depend "
                "on the values of tensors."
            ) from exc
        self.nodes = [node for node in graph.nodes if node.op not in ("placeholder", "output")]
        (self._placeholder,) = graph.find_nodes(op="placeholder")
        (self._output,) = graph.find_nodes(op="output")

    @property
    def end(self) -> str:
        """The name of the last cut: the network's output."""
        return str(self.nodes[-1].name)

    def module_of(self, node: fx.Node) -> nn.Module | None:
        """The leaf module that a node calls, or None for a function."""
        return self.network.get_submodule(str(node.target)) if node.op == "call_module" else None

    def is_output(self, node: fx.Node) -> bool:
        """Whether a node is the network's output operator (which computes nothing)."""
        return node is self._output

    def cuts(self) -> list[str]:
        """Nodes after which exactly one tensor, their own value, is alive; ascending."""
        return [node.name for index, node in enumerate(self.nodes) if self._is_cut(index)]

    def between(self, after: str, upto: str) -> list[fx.Node]:
        """The nodes after cut `after`, up to and including cut `upto`."""
        names = [INPUT, *(node.name for node in self.nodes)]
        return self.nodes[names.index(after) : names.index(upto)]

    def part(self, after: str, upto: str) -> nn.Module:
        """The sub-network between two cuts; it shares modules and parameter names with the whole.

        An empty part passes its input through.
        """
        graph = fx.Graph()
        values = {self._named(after): graph.placeholder("activations")}
        for node in self.between(after, upto):
            values[node] = graph.node_copy(node, lambda source: values[source])
        graph.output(values[self._named(upto)])
        return fx.GraphModule(self.network, graph)

    def copy_of_part(self, after: str, upto: str) -> nn.Module:
        """Like `part`, with parameters of its own."""
        return copy.deepcopy(self.part(after, upto))

    def _named(self, name: str) -> fx.Node:
        node: fx.Node = self._placeholder
        if name != INPUT:
            node = next(node for node in self.nodes if node.name == name)
        return node

    def _is_cut(self, index: int) -> bool:
        past = {self._placeholder, *self.nodes[: index + 1]}
        alive = {node for node in past if any(user not in past for user in node.users)}
        return alive == {self.nodes[index]}


def calls(nodes: list[fx.Node]) -> Iterator[str]:
    """Names of the leaf modules that the nodes call, each once, in order."""
    yield from dict.fromkeys(str(node.target) for node in nodes if node.op == "call_module")


def probe(part: nn.Module, names: list[str]) -> nn.Module:
    """A network that runs `part` as far as needed and returns the values of the named nodes.

    It shares the modules of `part`, which must come from `Graph.part` or `Graph.copy_of_part`.
    """
    assert isinstance(part, fx.GraphModule)
    graph = fx.Graph()
    values: dict[fx.Node, fx.Node] = {}
    for node in part.graph.nodes:
        if node.op != "output":
            values[node] = graph.node_copy(node, lambda source: values[source])
    graph.output(tuple(next(values[n] for n in values if n.name == name) for name in names))
    module = fx.GraphModule(part, graph)
    module.graph.eliminate_dead_code()
    module.recompile()
    return module
