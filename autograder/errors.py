"""Holds the errors that all rooms know. It imports nothing of ours."""


class UserError(Exception):
    """Tells the user what is wrong and what to do about it. The commands show its message, and no traceback."""


class NotFound(UserError, LookupError):
    """There is nothing of this name."""
