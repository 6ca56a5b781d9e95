import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";

type Schemas = components["schemas"];

export type Token = NonNullable<Schemas["EdgeAccess"]["tokens"]>[number];
export type Certificate = NonNullable<Schemas["EdgeAccess"]["certificates"]>[number];
export type NewToken = Schemas["TokenOut"];

interface Access {
  tokens: Token[];
  certificates: Certificate[];
}

export const accessKey = (edge: string) => ["edge-access", edge] as const;

export const useAccess = (edge: string) =>
  useQuery({
    queryKey: accessKey(edge),
    queryFn: async (): Promise<Access> => {
      const a = await get<Schemas["EdgeAccess"]>(`/api/edges/${edge}/access`);
      return { tokens: a.tokens ?? [], certificates: a.certificates ?? [] };
    },
  });

/** tokenState says what a token is good for now. */
export function tokenState(t: Token, now: number): "used" | "revoked" | "expired" | "waiting" {
  if (t.used_at) return "used";
  if (t.revoked_at) return "revoked";
  return Date.parse(t.expires_at) <= now ? "expired" : "waiting";
}

/** certificateState says whether a certificate still lets its edge in. */
export function certificateState(c: Certificate, now: number): "valid" | "ending" | "revoked" | "expired" {
  if (c.revoked_at) return "revoked";
  const left = Date.parse(c.not_after) - now;
  if (left <= 0) return "expired";
  return left < 60 * 86_400_000 ? "ending" : "valid";
}
