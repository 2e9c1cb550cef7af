/* The portal's service worker: it shows what the shop tells, and opens the order's page. It keeps nothing. */
self.addEventListener("push", (event) => {
  const { title, body, tag, lang, icon, url } = event.data.json();
  event.waitUntil(self.registration.showNotification(title, { body, tag, lang, icon, renotify: true, data: url }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
