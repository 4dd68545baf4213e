"""What holds for every test."""

from hypothesis import settings

# No deadline for an example: the first one may compile a kernel, and machines that run tests have other work.
settings.register_profile("smelt", deadline=None)
settings.load_profile("smelt")
