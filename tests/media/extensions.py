"""Header extensions as a receiver reads them."""


def elements(block: bytes) -> dict[int, bytes]:
    """Header extensions by their ids (RFC 8285, section 4.2)."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(block):
        size = (block[at] & 15) + 1 if block[at] else 0
        if size:
            found[block[at] >> 4] = block[at + 1 : at + 1 + size]
        at += 1 + size
    return found
