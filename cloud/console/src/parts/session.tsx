import { createContext, useContext } from "react";
import type { Me } from "../api/types";

/** Session is who is signed in and what they may do. */
export const SessionContext = createContext<Me | undefined>(undefined);

export function useSession() {
  const me = useContext(SessionContext);
  if (!me) throw new Error("useSession outside a session");
  return { me, may: (permission: string) => me.permissions.includes(permission) };
}
