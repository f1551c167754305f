"""What a change of an account asks for, so that nobody signs in as somebody else by changing it.

Owns which fields give access, and whose changes need a second program manager (ACC1 to ACC3).
Pure: knows values, no rows.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from sessions.core.permissions import Role
from sessions.core.second_factor import STAFF

ACCESS: Final = frozenset({"email", "roles"})  # who has the one, or gets the other, gets in


@dataclass(frozen=True, slots=True)
class Account:
    """The fields of an account that are changed together."""

    email: str
    display_name: str
    roles: frozenset[Role]

    def changed(self, other: "Account") -> frozenset[str]:
        """ACC1. The names of the fields in which they differ: what the audit says of a change."""
        return frozenset(
            name
            for name in ("email", "display_name", "roles")
            if getattr(self, name) != getattr(other, name)
        )


def gives_access(fields: Set[str]) -> bool:
    """ACC2. Whether a change of these fields ends the person's sign-ins, is written to the old
    and the new address, and wants a fresh factor of who makes it."""
    return bool(ACCESS & fields)


def needs_second(before: Account, after: Account) -> bool:
    """ACC3. Whether a second program manager confirms it: the address or the roles of somebody
    who is on the staff, or is about to be."""
    return gives_access(before.changed(after)) and bool(STAFF & (before.roles | after.roles))
