"""A person's row, locked until the transaction ends: changes of one account run one by one.

Owns the kind of lock, and with it that two transactions do not wait for each other: an account is
locked before what belongs to it (requests, wrong codes of its factors), and the lock does not
stop others from writing rows that name the person (every audit row does).
"""

from sessions.models import Person


def locked_person(person: int) -> Person:
    """By its row id, as it is once nobody else is changing it. In the caller's transaction."""
    return Person.objects.select_for_update(no_key=True).get(pk=person)
