"""Holds what all rooms know of errors. It imports nothing of ours."""


class UserError(Exception):
    """Tells the user what is wrong and what to do about it. The commands show its message, and no traceback."""
