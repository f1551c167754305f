"""The media node: a process of its own that forwards sound and pictures and decodes neither.

Owns transport of media between peers of a room. Must not know who a peer is, what a room is
for, Django, or anything of `sessions`.
"""
