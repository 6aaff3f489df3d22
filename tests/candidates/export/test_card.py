import torch

from candidates.assembly import Description, with_program
from candidates.checkpoint import Checkpoint
from candidates.cost import cost_of
from candidates.export.card import card, escaped
from candidates.export.facts import Facts, Section
from candidates.graph.network import Network
from candidates.student import student_checkpoint
from tests.candidates.export.students import recipe, student_of
from tests.candidates.graph.rules.harness import Classifier, conv, pooled


def small() -> tuple[Checkpoint, Network]:
    return student_of(Classifier(lambda net, x: pooled(net.conv(x)), conv=conv(3, 4)))


def test_it_tells_provenance_and_facts() -> None:
    checkpoint, network = small()
    origin = {"teacher": "abc", "budget": {"parameters": 10}}
    description = Description(recipe=recipe((3, 8, 8)), provenance=origin)
    told = with_program(checkpoint, network.program, description)
    facts = Facts(sections=(Section.of("Costs", {"macs": "5 of 9"}),), licence="MIT")
    text = card(told, facts)
    assert text.startswith('---\nlicense: "mit"\nlibrary_name: "pytorch"\n')
    assert "| Of the teacher, whose weights these are | MIT |" in text
    assert "| macs | 5 of 9 |" in text
    assert '| budget | \\{"parameters": 10\\} |' in text
    assert "## Fine-tune it" in text


def test_it_counts_parameters_as_costs_do() -> None:
    _, network = small()
    network.tensors()["conv.weight"].data[0] = 0
    changed = student_checkpoint(network, Description(recipe=recipe((3, 8, 8))))
    assert f"| Parameters | {cost_of(network, torch.zeros(1, 3, 8, 8)).parameters}, " in card(
        changed, Facts()
    )


def test_names_of_strangers_draw_nothing() -> None:
    assert escaped("a|b\n# c <script>`x`[y](z)") == r"a\|b \# c \<script\>\`x\`\[y\](z)"
