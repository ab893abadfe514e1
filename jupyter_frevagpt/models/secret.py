"""Where the models find what hides a value; it belongs to the words of the subject."""

from ..domain.secret import Secret

__all__ = ["Secret"]
