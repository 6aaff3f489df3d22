"""Push: post a network of one's own class, from the process where it lives."""

from pathlib import Path
from tempfile import TemporaryDirectory

from torch import Tensor, nn

from candidates.graph.trace import trace
from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.teacher import teacher_checkpoint
from service.bodies.teachers import TeacherBody
from service.client import Client

UNSAID = (
    "Images will be given to the network as 0…1. If it was trained with a mean and a standard "
    "deviation, name them, or its accuracy will be wrong: "
    "push(…, preprocessing=Preprocessing(mean=…, std=…))."
)


def push(
    model: nn.Module,
    example_input: Tensor,
    name: str = "",
    preprocessing: Preprocessing | None = None,
    url: str | None = None,
) -> TeacherBody:
    """Trace a classifier in eval mode and post what it does with its weights, not its source.

    `example_input` is a batch of images [N, C, H, W] as the network takes them; only its shape
    counts. `preprocessing` says how pixels become such images; without it they are divided by 255,
    as a note in the answer says.
    The service is at `url`, else at STUDENT_SEARCH_URL, else on this machine at port 8000.
    The model itself stays as it is. Raises UnsplittableTeacher where it cannot be followed, and
    ClientError or Refused where the service cannot be reached or does not take it.
    """
    _, channels, height, width = example_input.shape
    plain = Preprocessing(mean=(0.0,) * channels, std=(1.0,) * channels)
    recipe = TeacherRecipe(input=(channels, height, width), preprocessing=preprocessing or plain)
    was_training = model.training
    traced = trace(model, recipe.input)
    model.train(was_training)
    with TemporaryDirectory() as folder, Client(url) as client:
        path = Path(folder) / "teacher.safetensors"
        path.write_bytes(teacher_checkpoint(recipe, *traced).to_bytes())
        made = client.post_teacher(name or type(model).__name__, recipe, path)
    return made if preprocessing is not None else _with_note(made)


def _with_note(made: TeacherBody) -> TeacherBody:
    return made.model_copy(update={"note": " ".join(filter(None, (made.note, UNSAID)))})
