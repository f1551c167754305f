"""Which publisher owns which slot of a subscriber.

Pure. Owns the rule: one index for each publisher, the lowest free one, kept until that
publisher has left. Must not know streams or packets.
"""

from collections.abc import Container


class SlotTable:
    """The slots of one subscriber, by index from 0."""

    def __init__(self, size: int) -> None:
        self.owners: list[str | None] = [None] * size

    def index(self, owner: str) -> int | None:
        """Where the publisher is, if anywhere."""
        return self.owners.index(owner) if owner in self.owners else None

    def place(self, owner: str, present: Container[str]) -> int | None:
        """The publisher's index, given now if it has none; None when all are held.

        When no slot is free, the lowest one whose owner is kept a place but is not `present`
        is given away: someone who is here goes before someone who may come back.
        """
        held = self.index(owner)
        if held is not None:
            return held
        free = next((i for i, has in enumerate(self.owners) if has is None), None)
        if free is None:
            away = (i for i, has in enumerate(self.owners) if has and has not in present)
            free = next(away, None)
        if free is not None:
            self.owners[free] = owner
        return free

    def release(self, owner: str) -> int | None:
        """The index that is free now, or None if the publisher had none."""
        held = self.index(owner)
        if held is not None:
            self.owners[held] = None
        return held

    def resized(self, size: int) -> "SlotTable":
        """The same owners at the same indices, as far as they reach."""
        table = SlotTable(size)
        table.owners[: len(self.owners)] = self.owners[:size]
        return table
