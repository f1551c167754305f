"""Refusals: the expected "no", as a value with a stable code, and the words for each code.

Owns every code and its sentence. A fault (a bug, a broken disk) is an exception, never one of
these. Sentences follow the house's words: what happened, what is safe, what to do; at most three
short ones; nobody is blamed, and nothing in them names a person, a programme or a diagnosis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Refuse:
    """A rule said no. `code` is a key of REFUSALS; `detail` fills the sentence's blanks."""

    code: str
    detail: Mapping[str, str | int] = field(default_factory=dict, hash=False)


_ROOM = {
    "room.locked": "The room is locked for now. You keep your place on the list. "
    "Wait here, or call your program.",
    "room.not_open": "This room opens 15 minutes before the group. Come back then.",
    "room.ended": "This group has ended. Your time in it is counted. "
    "Your next one is on your home page.",
    "room.cancelled": "This group does not meet today. Your next one is on your home page.",
    "room.not_held": "This group did not take place. Your next one is on your home page.",
    "room.unknown": "There is no group at this address. Open your home page to find yours.",
    "room.transition": "The room has changed since you tapped. Nothing was lost. "
    "Look at it again, then choose.",
    "room.reopen_late": "A group can be opened again for ten minutes after its end. "
    "That time has passed. Its record is kept.",
    "room.no_staff": "No facilitator is in the room yet. Your place is kept. Stay here.",
}
_SEAT = {
    "seat.taken": "You opened the group on another device. This page is resting. "
    "Use this one instead?",
    "seat.removed": "You’re out of this group for today. Your minutes are counted. "
    "Your program will call you.",
    "seat.full": "Every seat in this room is taken. You keep your place on the list. "
    "Call your program, they find you another group.",
    "seat.late": "This part has started. You are at the door, and your place is kept. "
    "A facilitator lets you in when the next part begins, or before.",
    "seat.not_on_roster": "This group isn’t on your list. Your groups are on your home page.",
    "seat.waiting": "You are at the door. A facilitator lets you in.",
    "seat.not_waiting": "This person is not at the door any more. Nothing was changed.",
    "seat.not_in_room": "This person is not in the room. Nothing was changed.",
    "seat.staff": "This person leads the group and stays in the room. Nothing was changed.",
    "seat.muted": "A facilitator turned your microphone off. Raise your hand to speak.",
    "seat.unknown": "This person is not in the room any more. Nothing was changed.",
}
_PERMISSION = {
    "permission.role": "This page is for other people in the program. "
    "Your own pages are on your home page.",
    "permission.signed_out": "You are signed out. Nothing was lost. Sign in again to go on.",
    "permission.changed": "What you may do here was changed. Your minutes are counted. "
    "Open the room again from your home page.",
    "permission.not_staff": "This is for the facilitators of the group. Nothing was changed.",
    "permission.second_factor": "This page shows names of clients. "
    "Set up your second step of signing in first, then we open it.",
    "permission.locked": "This page was locked after 15 minutes. Nothing was lost. "
    "Show that it is you, then we open it.",
    "permission.demo_only": "This way in is for the demo on this computer only. "
    "Sign in with a code.",
}
_AGENDA = {
    "agenda.no_time_left": "The later parts can give {minutes} min, not more. "
    "Nothing was changed. You can end the group later instead.",
    "agenda.at_first": "This is the first part. Nothing was changed.",
    "agenda.at_last": "This is the last part. Nothing was changed. "
    "You can end the group, or end it later.",
    "agenda.not_running": "The agenda is not running. Nothing was changed. Start the group first.",
    "agenda.running": "The agenda is running already. Nothing was changed.",
    "agenda.ended": "The group has ended. Nothing was changed. You can open it again for ten "
    "minutes.",
    "agenda.paused": "The agenda is paused. Nothing was changed. Resume it first.",
    "agenda.not_paused": "The agenda is not paused. Nothing was changed.",
    "agenda.minutes": "Choose between 1 and {minutes} minutes. Nothing was changed.",
    "agenda.too_short": "This part has {minutes} whole minutes left. Nothing was changed. "
    "Choose fewer, or go to the next part.",
    "agenda.moved_on": "The agenda has moved on since you tapped. Nothing was changed.",
    "agenda.empty": "An agenda needs at least one part that is not a break. Add a check-in or "
    "a topic.",
    "agenda.length": "Each part has either minutes or a share. Choose one for each part.",
    "agenda.too_long": "These parts do not fit into {minutes} minutes. Shorten one, or make the "
    "group longer.",
    "agenda.not_filled": "These parts do not fill {minutes} minutes. Give one of them a share, "
    "or more minutes.",
}
_TRACK = {
    "track.name": "Give the track a name of 1 to 60 characters.",
    "track.zone_unknown": "We don’t know this time zone. Pick one from the list.",
    "track.zone_without_place": "A time zone needs a place, because only a place says when its "
    "clocks change. Did you mean {proposal}?",
    "track.ends_before_start": "The group ends when it starts. Choose a later end.",
    "track.minutes": "A group lasts between 15 minutes and 8 hours. Choose a time in between.",
    "track.no_days": "Choose at least one day of the week.",
    "track.weeks": "Choose between 1 and 104 weeks.",
    "track.first_date": "Choose a first day between the years 2000 and 2100.",
    "track.past": "All dates of this track have passed. Choose a later first day, or more weeks.",
    "track.facilitator_busy": "A facilitator already leads another group on {date}, at that time. "
    "Choose another time, or another facilitator.",
    "track.facilitator_none": "Choose at least one facilitator.",
    "track.not_facilitator": "This person is not a facilitator. Choose another one.",
    "track.not_client": "Only clients can be on the roster. Choose another person.",
    "track.seats": "Choose between 1 and {limit} seats.",
    "track.full": "The roster has more people than seats. Add seats, or take someone off.",
    "track.template": "Choose an agenda for the track.",
    "track.enrolled": "This person is on the roster already. Nothing was changed.",
    "track.not_enrolled": "This person is not on the roster. Nothing was changed.",
    "track.staffed": "This person leads the track already. Nothing was changed.",
    "track.not_staffed": "This person does not lead the track. Nothing was changed.",
    "track.unknown": "There is no track at this address. Open the list of tracks.",
    "recurrence.not_a_day": "The track has no group on {date}. Nothing was changed. "
    "Choose one of its days.",
    "recurrence.twice": "There is already a change for {date}. Nothing was changed.",
    "recurrence.overlap": "On {date} one group would start before the one before it ends. "
    "Choose another time.",
    "recurrence.none_left": "With these changes no group is left. Leave at least one.",
}
_SESSION = {
    "session.started": "This group has started. Its day and time stay as they are.",
    "session.past": "That day and time has passed. Nothing was changed. Choose a later one.",
    "session.unknown": "There is no group at this address. Open your home page to find yours.",
}
_PERSON = {
    "person.email_taken": "Someone already has this address. Choose another one.",
    "person.email": "This doesn’t look like a mail address. Look at it again.",
    "person.email_many": "These are several addresses. Type one.",
    "person.unknown": "This person is not on the list. Open the list again.",
    "person.last_manager": "This is the only program manager. Nothing was changed. "
    "Make someone else one first.",
    "person.manager_exists": "There is a program manager already. Nothing was changed. "
    "Sign in as that person to add others.",
    "person.no_role": "Choose at least one role.",
    "person.name_length": "A name to show has 1 to 24 characters.",
    "person.name_sign": "A name to show has no @ in it: others would see an address.",
    "person.name_letter": "A name to show has at least one letter.",
    "person.name_characters": "This name has a character that cannot be shown. Type it again.",
    "person.name_taken": "Someone in this track already has this name. Try “{suggestion}”.",
}
_ACCOUNT = {
    "account.no_request": "This change is not waiting any more. Nothing was changed now.",
    "account.own_request": "You asked for this change, so another program manager confirms it. "
    "Nothing was changed.",
    "account.not_fresh": "This change opens an account. Show first that it is you.",
}
_CODES = {
    "codes.wrong": "That is not the code. Look at the newest e-mail and type it again.",
    "codes.over": "That code has been used, or its time is over. Send a new one.",
    "codes.stopped_today": "Too many wrong codes were typed for this account. No code works "
    "for up to 24 hours. Use a passkey, or call your program.",
    "codes.stopped": "Too many wrong codes were typed for this account, so no code works. "
    "Use a passkey, or call your program.",
    "codes.asked_often": "Codes were sent to this e-mail many times. They are all the same: "
    "use the newest one, or wait ten minutes and ask again.",
    "codes.busy": "Very many people ask for a code from your network right now. "
    "Wait a minute, then ask again.",
}
_FACTOR = {
    "factor.code": "That is not the code, or it was used already. "
    "Wait for the next one and type it.",
    "factor.passkey": "This passkey did not open the page. Try again, or use another way.",
    "factor.app_exists": "You have an authenticator app already. Nothing was changed. "
    "Take it out first.",
    "factor.unknown": "There is nothing to take out. Nothing was changed.",
    "factor.last": "This is the only one you have. Nothing was changed. Add another one first.",
    "factor.own": "Another program manager does this for you. Nothing was changed.",
}
_DETAILS = {
    "details.not_client": "Personal details are kept for clients only. Nothing was changed.",
    "details.address": "An address has at most {limit} characters, without signs that cannot be "
    "shown.",
    "details.phone": "This doesn’t look like a phone number. Type it like +1 555 010 2030.",
    "details.contact_name": "A name has at most {limit} characters, without signs that cannot be "
    "shown.",
    "details.contact_phone": "This doesn’t look like a phone number. Type it like +1 555 010 2030.",
    "details.local_emergency": "This doesn’t look like a phone number. Type all ten digits.",
}
_RECORD = {
    "attendance.minutes": "Choose between 0 and {minutes} minutes. Nothing was changed.",
    "attendance.reason": "Say in a few words why, at most 200 characters. Nothing was changed.",
    "attendance.not_ended": "The group goes on. You can correct minutes when it has ended.",
    "attendance.break": "Breaks are not counted. Nothing was changed.",
}
_SERVICE = {
    "store.down": "We can’t save this at the moment. You stay in the room. "
    "Try again in half a minute.",
    "media.down": "Sound and picture are out for a moment. Your place is kept. Stay here, "
    "they come back by themselves.",
    "media.offer": "Your browser’s sound and picture could not be joined. You can read along. "
    "Reload the page, or use another browser.",
    "media.full": "The room has no more places for sound and picture. Your place is kept. "
    "Call your program.",
    "media.not_ready": "Sound and picture are not ready yet. Your place is kept. Stay here.",
    "message.unknown": "This page is older than the room. You are still in. Reload the page.",
    "message.malformed": "This page sent something the room can’t read. You are still in. "
    "Reload the page.",
    "message.too_large": "That was too long to send. You are still in. Send something shorter.",
    "message.too_many": "That was too much at once. Your place is kept. "
    "Wait a few seconds, then go on.",
    "connection.silent": "Your connection dropped. We are getting you back. Your place is kept.",
    "connection.replaced": "You opened the group on another device. This page is resting. "
    "Use this one instead?",
    "connection.left": "You left the group. Your minutes are counted. "
    "You can come back while it lasts.",
    "connection.origin": "This page is not one of ours. Open your home page and join from there.",
    "connection.server": "We are restarting. Your place is kept. We are getting you back.",
}

_FORM = {
    "form.stale": "Somebody else saved a change while this page was open. Yours is not saved yet. "
    "Look at it once more, then choose.",
}
_ECHO = {
    "echo.busy": "Many people are trying their sound right now. Wait a minute, then try again. "
    "You can join all the same.",
    "echo.down": "We could not try your sound. You can join all the same.",
    "echo.offer": "This browser could not try your sound. You can join all the same.",
    "echo.often": "You tried your sound many times. Wait ten minutes, then try again. "
    "You can join all the same.",
}

REFUSALS: Mapping[str, str] = (
    _ROOM
    | _SEAT
    | _PERMISSION
    | _AGENDA
    | _TRACK
    | _SESSION
    | _PERSON
    | _DETAILS
    | _ACCOUNT
    | _CODES
    | _FACTOR
    | _RECORD
    | _SERVICE
    | _FORM
    | _ECHO
)


class _Blanks(dict[str, str | int]):
    """A blank that nobody filled is shown as a dash: words must not become a fault."""

    def __missing__(self, key: str) -> str:
        return "–"


def sentence(refuse: Refuse) -> str:
    """The words for a person. A code that is not in REFUSALS is a fault: KeyError."""
    return REFUSALS[refuse.code].format_map(_Blanks(refuse.detail))
