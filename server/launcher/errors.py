"""The one fault of the launcher whose text is meant for the person at the keyboard.

Owns the type alone. Imported by stdlib-only code: keep it so.
"""


class LauncherError(Exception):
    """Something that person can change; the text is one sentence that says what and how."""
