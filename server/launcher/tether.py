"""Starts one command tied to the life of its parent, and, as root, under a lesser user.

Run as a script (`python -I -S tether.py [--user=namespace:UID | --user=UID:GID] --parent=PID
--signal=N -- command ...`): it changes itself and then becomes the command, so the process id
stays the same. On Linux the kernel sends the command signal N when the parent dies, however it dies
(prctl(2), PR_SET_PDEATHSIG). Owns nothing else; must know nothing of what it starts.
Only the standard library, and nothing of this package: it runs before any path is set up.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
EXIT_REFUSED = 126


def enter_namespace(uid: int) -> None:
    """Becomes `uid` inside a user namespace of its own; outside it stays who it was.

    Files made inside belong to the outer user, so no folder needs another mode.
    Raises OSError where the kernel or a container refuses (user_namespaces(7)).
    """
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{uid} {outer_gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def become(user: str) -> None:
    """`namespace:UID` or `UID:GID`; an empty string changes nothing."""
    first, _, second = user.partition(":")
    if first == "namespace":
        enter_namespace(int(second))
    elif first:
        os.setgroups([])
        os.setgid(int(second))
        os.setuid(int(first))


def die_with_parent(signal_number: int, parent: int) -> None:
    """After `become`: a change of user clears the setting. Elsewhere than on Linux: nothing."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel knew
        sys.exit(EXIT_REFUSED)


def main(arguments: list[str]) -> None:
    """Reads the options, changes this process, becomes the command."""
    split = arguments.index("--")
    options = dict(argument.lstrip("-").split("=", 1) for argument in arguments[:split])
    command = arguments[split + 1 :]
    try:
        become(options.get("user", ""))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_REFUSED)
    die_with_parent(int(options["signal"]), int(options["parent"]))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
