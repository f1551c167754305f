import asyncio, time
import pytest
from sessions.core.permissions import Verb
from sessions.rooms.perform import perform
from sessions.rooms.process import Process
from tests.rooms.live import connect, do
from tests.signaling.evening import Evening
@pytest.mark.django_db(transaction=True)
def test_cpu(tonight: Evening) -> None:
    for n in ("Dana","Sam"): connect(tonight,n)
    print(do(Verb.ROOM_START, tonight["Dana"], tonight.address))
    async def run():
        p=Process.of_settings()
        for i in range(20): await perform(p, Verb.ROOM_EXTEND, tonight["Dana"], tonight.address, {"minutes":1})
        c=time.process_time(); N=150
        for i in range(N):
            r=await perform(p, Verb.ROOM_EXTEND if i%2 else Verb.ROOM_SHORTEN, tonight["Dana"], tonight.address, {"minutes":1})
        print("CPU ms per verb", (time.process_time()-c)*1000/N, r)
        await p.close()
    asyncio.run(run())
