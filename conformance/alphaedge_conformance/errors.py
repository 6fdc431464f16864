"""What can stop a run before it has a verdict."""


class ConfigurationError(Exception):
    """The caller asked for something that cannot be done: wrong usage, exit code 4."""


class Inconclusive(Exception):
    """The target gave nothing to judge: exit code 2, never green."""
