// Sends this device's time zone along with what is asked of the server, so that pages show times on
// the reader's own clock. The cookie holds the name of a zone and nothing of a person.
const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const secure = location.protocol === 'https:' ? ';Secure' : '';
// biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store needs TLS, and --lan may have none
if (zone) document.cookie = `zone=${zone};Path=/;Max-Age=31536000;SameSite=Lax${secure}`;
