// Shows what is pushed, and opens its page when it is clicked. It caches nothing.
self.addEventListener("push", (e) => {
  let n = {};
  try {
    n = e.data ? e.data.json() : {};
  } catch {
    // not from us; a browser wants something shown nevertheless
  }
  e.waitUntil(
    self.registration.showNotification(n.title || "安澜 Anlan", {
      body: n.body || "",
      tag: n.id, // the same one twice is one
      icon: new URL("icon.svg", self.registration.scope).href,
      requireInteraction: n.urgency === "urgent",
      timestamp: Date.parse(n.at) || undefined,
      data: { link: n.link || "/notices" },
    }),
  );
});

self.addEventListener("notificationclick", (e) => {
  e.notification.close();
  const to = new URL(String(e.notification.data?.link || "/").replace(/^\/+/, ""), self.registration.scope);
  if (to.origin !== self.location.origin) return;
  e.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then(async (open) => {
      for (const c of open) {
        if (new URL(c.url).pathname === to.pathname) return c.focus();
      }
      return self.clients.openWindow(to.href);
    }),
  );
});
