import { Problem, request } from "../../api/client";

const piece = 4 << 20; // bytes sent at once

interface Upload {
  id: string;
  offset: number;
}

/** upload sends a file piece by piece, going on where the server says after a break, and returns its attachment. */
export async function upload(
  file: File,
  told: (share: number) => void,
  purpose = file.type.startsWith("video/") ? "video" : "photo",
): Promise<string> {
  let at = await request<Upload>("POST", "/api/uploads", {
    name: file.name,
    size: file.size,
    mime: file.type,
    purpose,
    taken_at: new Date(file.lastModified).toISOString(),
  });
  for (let failures = 0; at.offset < file.size;) {
    try {
      const sent = await fetch(`/api/uploads/${at.id}`, {
        method: "PATCH",
        headers: { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(at.offset) },
        body: file.slice(at.offset, at.offset + piece),
      });
      if (!sent.ok && sent.status !== 409) throw new Problem(sent.status, await sent.text());
      failures = 0;
    } catch (e) {
      if ((e instanceof Problem && e.status < 500) || ++failures > 5) throw e;
      await new Promise((again) => setTimeout(again, 500 * 2 ** failures));
    }
    at = await request<Upload>("GET", `/api/uploads/${at.id}`).catch(() => at);
    told(at.offset / file.size);
  }
  return (await request<{ id: string }>("POST", `/api/uploads/${at.id}/finish`, {})).id;
}
