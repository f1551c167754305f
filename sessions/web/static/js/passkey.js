// Passkeys in a form: asks the server for a challenge, lets the browser answer it, sends the form.
// A form says by data-passkey which: "create" a new one, or "get" one that there is. Without this
// script, or in a browser without passkeys, the form stays hidden and the page offers other ways.
const WORDS = {
  NotAllowedError: 'Nothing was sent. Try again when you are ready.',
  InvalidStateError: 'This device has a passkey for you already.',
  SecurityError: 'This browser makes no passkeys for this address. Use another way.',
  TooManyRequests: 'Too many tries at once. Wait a minute, then try again.',
};
const OTHER = 'That did not work. Try again, or use another way.';

function bytes(text) {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function withBytes(credentials) {
  return (credentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
}

function asked({ publicKey }) {
  const options = { ...publicKey, challenge: bytes(publicKey.challenge) };
  if (publicKey.user) options.user = { ...publicKey.user, id: bytes(publicKey.user.id) };
  options.allowCredentials = withBytes(publicKey.allowCredentials);
  options.excludeCredentials = withBytes(publicKey.excludeCredentials);
  return { publicKey: options };
}

function answered(credential) {
  const response = {};
  for (const part of [
    'clientDataJSON',
    'attestationObject',
    'authenticatorData',
    'signature',
    'userHandle',
  ]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  const clientExtensionResults = credential.getClientExtensionResults();
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults,
  });
}

async function answer(form) {
  const challenge = await fetch(form.dataset.challenge, {
    headers: { Accept: 'application/json' },
  });
  if (challenge.status === 429) throw new DOMException('', 'TooManyRequests');
  if (!challenge.ok || challenge.redirected) return window.location.assign(challenge.url);
  const options = asked(await challenge.json());
  const ceremony = form.dataset.passkey === 'create' ? 'create' : 'get';
  form.elements.credential.value = answered(await navigator.credentials[ceremony](options));
  form.submit();
}

for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!window.PublicKeyCredential) break;
  const says = form.querySelector('[data-says]');
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    says.textContent = '';
    answer(form).catch((fault) => {
      says.textContent = WORDS[fault.name] ?? OTHER;
    });
  });
}
for (const words of document.querySelectorAll('[data-without-passkeys]')) {
  words.hidden = Boolean(window.PublicKeyCredential);
}
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
