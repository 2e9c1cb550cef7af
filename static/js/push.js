/* The portal's only script, on the page that offers notifications. */
(async () => {
  const page = document.getElementById("push");
  const { key, worker, known } = page.dataset;
  const workers = navigator.serviceWorker;
  if (!workers || !("PushManager" in window)) return;
  const only = { createScriptURL: () => worker };
  const address = (window.trustedTypes?.createPolicy("push", only) ?? only).createScriptURL("");
  const show = (state) => {
    for (const part of page.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
  };
  const [off, on] = page.querySelectorAll("form");
  const isKnown = async (endpoint) => {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
    const hex = [...new Uint8Array(hash, 0, 8)].map((byte) => byte.toString(16).padStart(2, "0"));
    return known.includes(hex.join(""));
  };
  const subscribe = async ({ pushManager }) => {
    const asked = { userVisibleOnly: true, applicationServerKey: key };
    return pushManager.subscribe(asked).catch(async (error) => {
      const old = await pushManager.getSubscription(); // of a key that the shop no longer has
      if (!old) throw error;
      await old.unsubscribe();
      return pushManager.subscribe(asked);
    });
  };
  off.onsubmit = async (event) => {
    event.preventDefault();
    try {
      if ((await Notification.requestPermission()) !== "granted") return show("blocked");
      await workers.register(address);
      const { endpoint, keys } = (await subscribe(await workers.ready)).toJSON();
      const told = { endpoint, ...keys };
      for (const name in told) off.elements[name].value = told[name];
      off.submit();
    } catch {
      show("failed");
    }
  };
  const found = await (await workers.getRegistration())?.pushManager.getSubscription();
  if (found && (await isKnown(found.endpoint))) {
    on.elements.endpoint.value = found.endpoint;
    return show("on");
  }
  show(Notification.permission === "denied" ? "blocked" : "off");
})();
