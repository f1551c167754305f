// Access to the relay before the room can be asked for it: for the echo of the check, and for the
// offer that is made meanwhile. Owns the request; without a relay, or an answer, there is none.

/** `url` is the echo's. */
export async function askRelays(url: string): Promise<RTCIceServer[]> {
  try {
    const answer = await fetch(`${url}relay/`);
    const access = (await answer.json()) as RTCIceServer;
    return access.urls.length ? [access] : [];
  } catch {
    return [];
  }
}
