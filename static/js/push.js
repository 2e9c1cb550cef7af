/* The portal's only script, on the page that offers notifications. */
(() => {
  const page = document.getElementById("push");
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return;
  const only = { createScriptURL: () => page.dataset.worker };
  const address = (window.trustedTypes ? trustedTypes.createPolicy("push", only) : only).createScriptURL("");

  const show = (state) => {
    for (const part of page.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
  };
  const form = (state) => page.querySelector(`[data-when=${state}] form`);

  const isKnown = async (subscription) => {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint));
    const hex = [...new Uint8Array(hash, 0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return page.dataset.known.split(" ").includes(hex);
  };

  const subscribe = async (registration) => {
    const asked = { userVisibleOnly: true, applicationServerKey: page.dataset.key };
    try {
      return await registration.pushManager.subscribe(asked);
    } catch (error) {
      const old = await registration.pushManager.getSubscription();
      if (!old) throw error;
      await old.unsubscribe(); // made with a key that the shop no longer has
      return registration.pushManager.subscribe(asked);
    }
  };

  const turnOn = async () => {
    if ((await Notification.requestPermission()) !== "granted") return show("blocked");
    await navigator.serviceWorker.register(address);
    const { endpoint, keys } = (await subscribe(await navigator.serviceWorker.ready)).toJSON();
    const fields = form("off").elements;
    [fields.endpoint.value, fields.p256dh.value, fields.auth.value] = [endpoint, keys.p256dh, keys.auth];
    form("off").submit();
  };

  const start = async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    const subscription = registration && (await registration.pushManager.getSubscription());
    if (subscription && (await isKnown(subscription))) {
      form("on").elements.endpoint.value = subscription.endpoint;
      form("on").querySelector("button").onclick = () => form("on").submit();
      return show("on");
    }
    form("off").querySelector("button").onclick = () => turnOn().catch(() => show("failed"));
    show(Notification.permission === "denied" ? "blocked" : "off");
  };
  start().catch(() => show("failed"));
})();
