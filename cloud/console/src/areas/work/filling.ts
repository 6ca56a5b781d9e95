import { useState } from "react";
import { Form } from "../../form/form";
import { zoneName } from "../../parts/format";
import { useSession } from "../../parts/session";
import type { Doc, Field, FormDef } from "./api";

/** useFilling begins a form to be filled in, once. */
export function useFilling(fields: Field[], doc: () => Doc, required?: string[]): Form {
  const { me } = useSession();
  const [form] = useState(
    () => new Form(fields, doc(), { me: me.id, zone: zoneName(), now: Date.now, required }),
  );
  return form;
}

/** beginning are the defaults that the browser can tell; the server fills in the rest. */
export function beginning(def: Pick<FormDef, "fields">, me: string): Doc {
  const out: Doc = {};
  for (const f of def.fields) {
    const d = f.default;
    if (d?.value !== undefined) out[f.key] = d.value;
    if (d?.now === "0m" && f.type === "datetime") out[f.key] = new Date().toISOString();
    if (d?.me === "id") out[f.key] = me;
  }
  return out;
}

/** given are the values the server makes: they are shown and never sent. */
const given = new Set(["serial", "formula"]);

/** sendable is what of a document is sent: nothing empty, nothing the server makes, no ids made up here. */
export function sendable(fields: Field[], doc: Doc): Doc {
  const out: Doc = {};
  for (const f of fields) {
    const v = doc[f.key];
    if (v === undefined || v === null || given.has(f.type) || (f.derive && !f.propose)) continue;
    out[f.key] = f.type === "rows" ? (v as Doc[]).map((r) => rowOf(f.fields ?? [], r)) : v;
  }
  return out;
}

function rowOf(columns: Field[], r: Doc): Doc {
  const out = sendable(columns, r);
  if (typeof r._id === "string" && !r._id.startsWith("new-")) out._id = r._id;
  return out;
}
