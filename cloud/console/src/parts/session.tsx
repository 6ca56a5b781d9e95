import { createContext, useContext } from "react";
import type { Me } from "../api/types";

/** Session is who is signed in and what they may do. */
export const SessionContext = createContext<Me | undefined>(undefined);

/** A locked screen shows, and keeps its seat; every other verb is absent. */
const whileLocked = (permission: string) => permission.endsWith(".read") || permission === "seat.watch";

export function useSession() {
  const me = useContext(SessionContext);
  if (!me) throw new Error("useSession outside a session");
  const may = (permission: string) =>
    me.permissions.includes(permission) && (!me.locked || whileLocked(permission));
  return { me, may };
}
