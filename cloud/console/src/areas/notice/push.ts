import { get, post, request } from "../../api/client";

/** Why a browser cannot be pushed to; "" if it can. */
export type Obstacle = "" | "insecure" | "unsupported" | "denied" | "off";

export function obstacle(): Obstacle {
  if (!globalThis.isSecureContext) return "insecure";
  if (!("serviceWorker" in navigator) || !("PushManager" in globalThis) || !("Notification" in globalThis))
    return "unsupported";
  return Notification.permission === "denied" ? "denied" : "";
}

const key = "anlan.push";

async function registration(): Promise<ServiceWorkerRegistration> {
  const base = import.meta.env.BASE_URL;
  await navigator.serviceWorker.register(`${base}notice-sw.js`, { scope: base });
  return navigator.serviceWorker.ready;
}

/** pushed reports whether this browser is pushed to. */
export async function pushed(): Promise<boolean> {
  if (obstacle() !== "" || !localStorage.getItem(key)) return false;
  const at = await navigator.serviceWorker.getRegistration(import.meta.env.BASE_URL);
  return (await at?.pushManager.getSubscription()) != null;
}

/** bytes decodes base64url. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

/** startPush asks the person, then the browser's push service, then tells the server. */
export async function startPush(): Promise<Obstacle> {
  const { key: of } = await get<{ key: string }>("/api/push-key");
  if (!of) return "off";
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const at = await registration();
  const server = bytes(of);
  const old = await at.pushManager.getSubscription();
  await old?.unsubscribe(); // it may be of another key
  const s = await at.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: server });
  const { endpoint, keys } = s.toJSON();
  try {
    const made = await post<{ id: string }>("/api/push-subscriptions", {
      endpoint,
      p256dh: keys?.p256dh,
      auth: keys?.auth,
    });
    localStorage.setItem(key, made.id);
  } catch (e) {
    await s.unsubscribe();
    throw e;
  }
  return "";
}

/** stopPush ends it at the browser first: that alone already silences it. */
export async function stopPush(): Promise<void> {
  const at = await navigator.serviceWorker.getRegistration(import.meta.env.BASE_URL);
  await (await at?.pushManager.getSubscription())?.unsubscribe();
  const id = localStorage.getItem(key);
  localStorage.removeItem(key);
  if (id) await request("DELETE", `/api/push-subscriptions/${id}`).catch(() => undefined); // the push service says so too
}
