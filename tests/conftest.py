"""The cores are shared: how long a case of hypothesis takes says nothing."""

from hypothesis import settings

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
