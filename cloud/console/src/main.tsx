import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { useTranslation } from "react-i18next";
import { BrowserRouter, Link, Route, Routes } from "react-router";
import { Problem } from "./api/client";
import { keys, useMe } from "./api/queries";
import { navigation, pages } from "./navigation";
import { startLanguage } from "./i18n";
import { words } from "./i18n/words";
import { LiveProvider } from "./live/context";
import { Console } from "./pages/Console";
import { Login } from "./pages/Login";
import { Shell } from "./pages/Shell";
import { SessionContext, useSession } from "./parts/session";
import { Failed, Loading } from "./parts/states";
import { antdTheme } from "./theme/antd";
import "./theme/index.css";
import { applyTokens, type Mode } from "./theme/tokens";

// Only the console itself is in the first load.
const AlarmPage = lazy(async () => ({ default: (await import("./pages/AlarmPage")).AlarmPage }));
const Gate = lazy(async () => ({ default: (await import("./areas/people/Gate")).Gate }));
const Fleet = lazy(async () => ({ default: (await import("./pages/Fleet")).Fleet }));
const History = lazy(async () => ({ default: (await import("./pages/History")).History }));
const IncidentPage = lazy(async () => ({ default: (await import("./pages/IncidentPage")).IncidentPage }));
const Incidents = lazy(async () => ({ default: (await import("./pages/Incidents")).Incidents }));
const Password = lazy(async () => ({ default: (await import("./pages/Password")).Password }));
const Wall = lazy(async () => ({ default: (await import("./pages/Wall")).Wall }));
const PointPage = lazy(async () => ({ default: (await import("./pages/PointPage")).PointPage }));

const modeKey = "anlan.mode";

function Anlan() {
  const { i18n } = useTranslation();
  const [mode, setMode] = useState<Mode>(() => (localStorage.getItem(modeKey) === "day" ? "day" : "night"));
  useEffect(() => {
    applyTokens(mode);
    localStorage.setItem(modeKey, mode);
  }, [mode]);
  const themed = useMemo(() => antdTheme(mode), [mode]);
  return (
    <ConfigProvider
      locale={i18n.language === "en" ? enUS : zhCN}
      button={{ autoInsertSpace: false }}
      theme={themed}
    >
      <AntApp>
        <Session mode={mode} setMode={setMode} />
      </AntApp>
    </ConfigProvider>
  );
}

/** Session decides between the door and the desk. A server that can not be reached is not "signed out". */
function Session(props: { mode: Mode; setMode: (m: Mode) => void }) {
  const me = useMe();
  if (me.data && (me.data.must_change_password || me.data.must_enrol_totp)) {
    return (
      <SessionContext value={me.data}>
        <Suspense fallback={<Loading />}>
          <Gate />
        </Suspense>
      </SessionContext>
    );
  }
  if (me.data) {
    return (
      <SessionContext value={me.data}>
        <LiveProvider>
          <Routes>
            <Route
              path="wall"
              element={
                <Suspense fallback={<Loading />}>
                  <Wall />
                </Suspense>
              }
            />
            <Route element={<Shell {...props} />}>
              <Route index element={<Console />} />
              <Route path="alarms/:id" element={<AlarmPage />} />
              <Route path="history" element={<History />} />
              <Route path="incidents" element={<Incidents />} />
              <Route path="incidents/:id" element={<IncidentPage />} />
              <Route path="points/:edge/:point" element={<PointPage />} />
              <Route path="fleet" element={<Fleet />} />
              <Route path="password" element={<Password />} />
              {pages.map((p) => (
                <Route key={p.path} path={p.path} element={<Allowed path={p.path}>{p.element}</Allowed>} />
              ))}
              <Route path="*" element={<NotFound />} />
            </Route>
          </Routes>
        </LiveProvider>
      </SessionContext>
    );
  }
  if (me.error instanceof Problem && me.error.status === 401) return <Login />;
  if (me.error) return <Failed error={me.error} retry={() => void me.refetch()} />;
  return <Loading />;
}

/** Allowed shows a page to those who find it in their navigation; others are told why not. */
function Allowed({ path, children }: { path: string; children: ReactNode }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const need = navigation.find((n) => n.to === `/${path}`)?.permission;
  if (!need || may(need)) return children;
  return (
    <main className="page">
      <h1>{t("common.notAllowed")}</h1>
      <p>{t("common.notAllowedWhy")}</p>
      <Link to="/">{t("common.home")}</Link>
    </main>
  );
}

function NotFound() {
  const { t } = useTranslation();
  return (
    <main className="page">
      <h1>{t("common.notFound")}</h1>
      <Link to="/">{t("common.home")}</Link>
    </main>
  );
}

/** A screen that was locked elsewhere learns it by the first refusal. */
const lockedOut = (e: unknown) => {
  if (e instanceof Problem && e.status === 423) void cache.invalidateQueries({ queryKey: keys.me });
};

const cache: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: lockedOut }),
  mutationCache: new MutationCache({ onError: lockedOut }),
  defaultOptions: { queries: { retry: 1, staleTime: 5_000, refetchOnWindowFocus: false } },
});

await startLanguage(words);
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <QueryClientProvider client={cache}>
    {/* Without transitions, what a key does is on the screen before the next key is read. */}
    <BrowserRouter useTransitions={false}>
      <Anlan />
    </BrowserRouter>
  </QueryClientProvider>,
);
