import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Navigate, Route, Routes } from "react-router";
import { get, Problem } from "../api/client";
import type { Me, Overview } from "../api/types";
import { startLanguage } from "../i18n";
import { setZone } from "../parts/format";
import { SessionContext } from "../parts/session";
import { applyTokens, type Mode } from "../theme/tokens";
import { Door } from "./Door";
import { Fault, Waiting } from "./frame";
import { Home } from "./Home";
import "./phone.css";
import { words } from "./words";

const Fill = lazy(async () => ({ default: (await import("./Fill")).Fill }));
const Task = lazy(async () => ({ default: (await import("./Task")).Task }));

/** Look is how the phone shows itself: by day, by night, in large letters. */
export interface Look {
  mode: Mode;
  big: boolean;
  set: (next: { mode?: Mode; big?: boolean }) => void;
}

function useLook(): Look {
  const [look, setLook] = useState(() => ({
    mode: (localStorage.getItem("anlan.phone.mode") === "night" ? "night" : "day") as Mode,
    big: localStorage.getItem("anlan.phone.big") === "yes",
  }));
  useEffect(() => {
    applyTokens(look.mode);
    document.documentElement.classList.toggle("big", look.big);
    localStorage.setItem("anlan.phone.mode", look.mode);
    localStorage.setItem("anlan.phone.big", look.big ? "yes" : "no");
  }, [look]);
  return { ...look, set: (next) => setLook((was) => ({ ...was, ...next })) };
}

function Phone() {
  const look = useLook();
  const me = useQuery({ queryKey: ["me"], queryFn: () => get<Me>("/api/me"), retry: 1 });
  if (me.data?.must_change_password || me.data?.must_enrol_totp) {
    location.replace("/"); // the desk's door asks for it, at any size
    return <Waiting />;
  }
  if (me.data)
    return (
      <SessionContext value={me.data}>
        <Pages look={look} />
      </SessionContext>
    );
  if (me.error instanceof Problem && me.error.status === 401) return <Door />;
  if (me.error) return <Fault error={me.error} retry={() => void me.refetch()} />;
  return <Waiting />;
}

function Pages({ look }: { look: Look }) {
  const zone = useQuery({ queryKey: ["overview"], queryFn: () => get<Overview>("/api/overview") }).data
    ?.community.tz;
  useEffect(() => setZone(zone ?? ""), [zone]);
  return (
    <Suspense fallback={<Waiting />}>
      <Routes>
        <Route path="/m" element={<Home look={look} />} />
        <Route path="/m/forms/:form" element={<Fill />} />
        <Route path="/m/flows/:id" element={<Task />} />
        <Route path="*" element={<Navigate to="/m" replace />} />
      </Routes>
    </Suspense>
  );
}

const cache = new QueryClient({
  defaultOptions: { queries: { retry: 1, staleTime: 5_000 } },
});

await startLanguage(words);
const root = document.getElementById("root");
if (!root) throw new Error("m.html has no #root");
createRoot(root).render(
  <QueryClientProvider client={cache}>
    <BrowserRouter>
      <Phone />
    </BrowserRouter>
  </QueryClientProvider>,
);
