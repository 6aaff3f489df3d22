"""One thread a test: the networks are tiny, and the cores are shared."""

import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
