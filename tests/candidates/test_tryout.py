from candidates.assembly import assemble
from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from candidates.library import make_candidates
from candidates.materials import Materials
from candidates.progress import silent
from candidates.tryout import Tryout
from tests.candidates.builders import library, materials_of, teacher_of


def materials() -> Materials:
    return materials_of(teacher_of(), library(multipliers=(0.25,), calibration_images=48))


def student(of: Materials, position: int) -> Checkpoint:
    """A quarter (0) or the whole (1) of every width."""
    parts, kept = [], Kept()
    for neighbourhood in of.teacher.split.neighbourhoods:
        made = make_candidates(of, neighbourhood, lambda _identity: None, silent).made[position]
        parts.append(made.weights)
        kept |= made.candidate.kept
    return assemble(of.teacher.checkpoint, parts, kept, {})


def tryout(of: Materials, refit_steps: int = 0) -> Tryout:
    return Tryout(of.teacher, of.dataset, of.recipe, refit_steps)


def test_a_student_of_whole_widths_reaches_what_its_teacher_does() -> None:
    parts = materials()
    score = tryout(parts).score(student(parts, 1), silent)
    assert score.accuracy == parts.statistics.teacher_accuracy
    assert (score.accuracy_drop.value, score.kl.value) == (0.0, 0.0)


def test_equal_students_get_equal_scores_whatever_was_measured_between() -> None:
    parts = materials()
    narrow, whole = student(parts, 0), student(parts, 1)
    tried = tryout(parts, refit_steps=2)
    first = tried.score(narrow, silent)
    tried.score(whole, silent)
    assert (
        tried.score(narrow, silent) == first == tryout(parts, refit_steps=2).score(narrow, silent)
    )
    assert first.kl.value > 0


def test_its_images_are_those_on_which_candidates_were_scored() -> None:
    parts = materials()
    score = tryout(parts).score(student(parts, 0), silent)
    assert score.num_images == len(parts.statistics.scoring_logits)
