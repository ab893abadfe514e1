"""Who may use the assistant, and whose threads they are."""

from .authorizer import FrevaAuthorizer
from .development import DevelopmentIdentity, development_identity, switched_on
from .owners import FrevaUser, Visitors, is_visitor, local_account, owner_of
from .provider import FrevaIdentityProvider, check_safe
from .refused import UnsafeServer, VisitorRefused
from .secrecy import close_memory, take_secrets
from .sharing import check_database

__all__ = [
    "DevelopmentIdentity",
    "FrevaAuthorizer",
    "FrevaIdentityProvider",
    "FrevaUser",
    "UnsafeServer",
    "VisitorRefused",
    "Visitors",
    "check_database",
    "check_safe",
    "close_memory",
    "development_identity",
    "is_visitor",
    "local_account",
    "owner_of",
    "switched_on",
    "take_secrets",
]
