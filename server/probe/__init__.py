"""An aiortc participant: the other end of an echo, and the check of a running installation.

The one place of the product that uses aiortc's peer connection, as a client of a media node like
any browser. It joins rooms of its own (`rooms.ProbeRoom`) and never one of a session. It knows the
node by `server.media.client`; it knows no person, no session and no Django.
"""
