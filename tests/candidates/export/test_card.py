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


def tuned_card(**changes: object) -> str:
    steps = [{"step": n, "loss": 1 / n, "accuracy": 90.0 + (n == 7)} for n in range(1, 21)]
    learnt = {
        "before": {"value": 80.0, "standard_error": 1.5},
        "after": {"value": 91.25, "standard_error": 1.0},
        "num_images": 360, "num_steps": 20, "num_training_images": 1078, "num_epochs": 20.0,
    }  # fmt: skip
    origin = {"predicted_accuracy": {"value": 92.2}, "history": steps, "learnt": learnt, **changes}
    checkpoint, network = small()
    told = {key: value for key, value in origin.items() if value is not None}
    described = Description(recipe=recipe((3, 8, 8)), provenance=told)
    return card(with_program(checkpoint, network.program, described), Facts())


def test_it_tells_what_fine_tuning_measured_and_that_the_prediction_is_older() -> None:
    text = tuned_card()
    assert "| Accuracy before | 80.00 ± 1.50 % |" in text
    assert "| Accuracy after | 91.25 ± 1.00 % |" in text
    assert "| Measured on | 360 reporting images |" in text
    assert "| Trained for | 20 epochs of 1,078 images, 20 steps |" in text
    assert "| predicted\\_accuracy, of the student before fine-tuning |" in text
    assert "student-search fine-tune" in text


def test_the_course_is_summarised_and_told_whole_in_a_section_of_its_own() -> None:
    summary, _, whole = tuned_card().partition("## Course of the fine-tuning")
    assert (
        "| Best, on held-out images | step 7: loss 0.1429, held-out accuracy 91.00 % |" in summary
    )
    assert "| Last | step 20: loss 0.0500, held-out accuracy 90.00 % |" in summary
    assert "step 12" not in summary
    assert "| Step 12 | loss 0.0833, held-out accuracy 90.00 % |" in whole


def test_a_file_that_an_older_version_fine_tuned_says_how_to_measure_it() -> None:
    assert "`student-search measure`" in tuned_card(learnt=None).replace("\\", "")


def test_a_history_of_something_else_is_told_as_it_is() -> None:
    assert '| history | "long" |' in tuned_card(history="long")
