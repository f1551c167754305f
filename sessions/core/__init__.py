"""The rules, pure: values in, values out.

Time (aware datetimes), ids and randomness are arguments. Nothing here knows Django, Redis, a
socket or a clock. `docs/domain.md` lists the rules by id, with their sources.
"""
