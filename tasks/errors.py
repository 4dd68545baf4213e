"""The errors that a user sees as one message, without a traceback.

Each takes one string (so that it crosses process borders by pickle): what is wrong, where, what to do.
"""


class SmeltError(Exception):
    """A failure with a message for the user; `exit_status` is what the command returns."""

    exit_status = 1


class StageError(SmeltError):
    """A stage can't go on: an empty result, data that doesn't fit the configuration, a full disk."""

    exit_status = 1


class TransientError(StageError):
    """Something outside didn't answer though it was tried for long; the same work may succeed later."""


class NotAskedYet(StageError):
    """Something can't be said without the network, and this is a plan, which never uses it."""


class ConfigError(SmeltError):
    """Bad usage or configuration: nothing has run."""

    exit_status = 2
