// Passkeys: a form with data-passkey="create" or "get" asks the browser for one, puts the answer into its field
// `answer` and is sent as any other form. Without passkeys in this browser such a form stays hidden.
(() => {
  "use strict";

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const withBytes = (list) => (list || []).map((item) => ({ ...item, id: bytes(item.id) }));

  const asked = (options) => {
    const key = { ...options, challenge: bytes(options.challenge) };
    if (options.user) key.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) key.excludeCredentials = withBytes(options.excludeCredentials);
    if (options.allowCredentials) key.allowCredentials = withBytes(options.allowCredentials);
    return { publicKey: key };
  };

  const answered = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {},
    });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential || !navigator.credentials) continue;
    form.hidden = false;
    const refused = form.querySelector("[data-refused]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (refused) refused.hidden = true;
      try {
        const credential = await navigator.credentials[form.dataset.passkey](asked(JSON.parse(form.dataset.options)));
        form.elements.answer.value = answered(credential);
        form.submit();
      } catch {
        if (refused) refused.hidden = false; // Called off, or this device has none.
      }
    });
  }
})();
