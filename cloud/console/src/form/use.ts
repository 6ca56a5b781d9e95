import { useCallback, useSyncExternalStore } from "react";
import type { Form, View } from "./form";

/** useView follows one control of a form, and nothing else. */
export function useView(form: Form, path: string): View {
  const subscribe = useCallback((fn: () => void) => form.subscribe(path, fn), [form, path]);
  return useSyncExternalStore(subscribe, () => form.view(path));
}
